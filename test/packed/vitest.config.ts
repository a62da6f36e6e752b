import { defineConfig } from 'vitest/config';

/** Not part of `npm test`: it installs packages from the registry. `npm run check -- fresh` runs it. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: 'install.ts',
    // The work is done by child processes: as many at a time as a small machine has cores.
    maxConcurrency: 2,
    fileParallelism: false,
    testTimeout: 120_000,
  },
});
