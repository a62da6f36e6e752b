import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'tsup';

/** One entry for each folder with an `index.ts`: folder = import path. `core` is what the root exports. */
const features = readdirSync('src').filter((name) => name !== 'core' && existsSync(`src/${name}/index.ts`));

const paths = {
  index: 'src/index.ts',
  ...Object.fromEntries(features.map((name) => [`${name}/index`, `src/${name}/index.ts`])),
};

export default defineConfig({
  entry: { ...paths, cli: 'src/cli.ts' },
  format: ['esm', 'cjs'],
  // tsup sets `baseUrl`, which TypeScript 6 calls deprecated.
  dts: { entry: paths, compilerOptions: { ignoreDeprecations: '6.0' } },
  target: 'node20',
  splitting: true,
  // What is published is neither minified nor in need of maps.
  sourcemap: false,
  clean: true,
});
