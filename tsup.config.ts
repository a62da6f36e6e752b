import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { defineConfig } from 'tsup';

/** One entry for each folder with an `index.ts`: folder = import path. `core` is what the root exports. */
const features = readdirSync('src').filter((name) => name !== 'core' && existsSync(`src/${name}/index.ts`));

const paths = {
  index: 'src/index.ts',
  ...Object.fromEntries(features.map((name) => [`${name}/index`, `src/${name}/index.ts`])),
};

/**
 * jose is written in ES modules only. Node requires such, and Jest's CommonJS does not: in our CommonJS build jose is inside,
 * with its licence; the ES modules import the package.
 */
const joseInCommonJs: Plugin = {
  name: 'jose in CommonJS',
  setup(build) {
    // tsup makes CommonJS of ES modules, so `format` says nothing here.
    const isCommonJs = build.initialOptions.outExtension?.['.js'] === '.cjs';
    build.onResolve({ filter: /^jose$/ }, () =>
      isCommonJs ? { path: fileURLToPath(import.meta.resolve('jose')) } : { path: 'jose', external: true },
    );
    // Without class fields, which what makes CommonJS of them misreads.
    build.onLoad({ filter: /[\\/]jose[\\/]dist[\\/]webapi[\\/].*\.js$/ }, async ({ path }) => {
      const { code } = await build.esbuild.transform(readFileSync(path, 'utf8'), { target: 'es2021' });
      return { contents: path.endsWith('webapi/index.js') ? `/*! jose\n\n${licenceOf('jose')}*/\n${code}` : code };
    });
  },
};

const licenceOf = (name: string): string => readFileSync(`node_modules/${name}/LICENSE.md`, 'utf8');

export default defineConfig({
  entry: { ...paths, cli: 'src/cli.ts' },
  format: ['esm', 'cjs'],
  // tsup sets `baseUrl`, which TypeScript 6 calls deprecated.
  dts: { entry: paths, compilerOptions: { ignoreDeprecations: '6.0' } },
  noExternal: ['jose'],
  esbuildPlugins: [joseInCommonJs],
  target: 'node20',
  splitting: true,
  // What is published is neither minified nor in need of maps.
  sourcemap: false,
  clean: true,
});
