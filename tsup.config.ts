import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'tsup';

/** One entry for each folder with an `index.ts`: folder = import path. `core` is what the root exports. */
const features = readdirSync('src').filter((name) => name !== 'core' && existsSync(`src/${name}/index.ts`));

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    ...(existsSync('src/cli.ts') ? { cli: 'src/cli.ts' } : {}),
    ...Object.fromEntries(features.map((name) => [`${name}/index`, `src/${name}/index.ts`])),
  },
  format: ['esm', 'cjs'],
  // tsup sets `baseUrl`, which TypeScript 6 calls deprecated.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  target: 'node20',
  splitting: true,
  sourcemap: true,
  clean: true,
});
