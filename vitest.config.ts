import { fileURLToPath } from 'node:url';
import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const src = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** `GRPC_JS=grpc-js-lowest` runs the tests against the lowest supported version of grpc-js. */
const grpcJs = process.env['GRPC_JS'];

export default defineConfig({
  resolve: {
    // Tests import the package by its public name and run against its sources.
    alias: [
      { find: /^grpc-js-middleware$/, replacement: src('index.ts') },
      { find: /^grpc-js-middleware\/(.+)$/, replacement: src('$1/index.ts') },
      ...(grpcJs === undefined ? [] : [{ find: /^@grpc\/grpc-js$/, replacement: grpcJs }]),
    ],
  },
  test: {
    include: ['{src,test,examples,benchmarks,docs/examples}/**/*.test.ts'],
    // Installs from the registry: a step of its own.
    exclude: [...configDefaults.exclude, 'test/packed/**'],
    typecheck: { enabled: false },
    setupFiles: process.env['CHECK_TIER'] === 'all' ? ['test/support/long-runs.ts'] : [],
    // Vitest leaves a core to itself, which of two would be half: tests wait more than they work.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: process.env['CHECK_TIER'] === 'all' ? 600_000 : 120_000,
    hookTimeout: 120_000,
  },
});
