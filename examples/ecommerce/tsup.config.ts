import { defineConfig } from 'tsup';

// The shop runs compiled, file by file: what a loader adds to run TypeScript (a named wrapper around every closure) makes
// every call dearer. `dist/` has the shape of `src/`, so what stands beside both (`drizzle/`, `.data/`) is found from either.
export default defineConfig({
  entry: ['src/**/*.ts', '!src/**/*.test.ts', '!src/testing/**'],
  format: ['esm'],
  target: 'node20',
  outDir: 'dist',
  bundle: false,
  sourcemap: true,
  clean: true,
  silent: true,
});
