import { defineConfig } from 'vitest/config';

/** The page in a browser, against a shop that is open: `npm run test:page` opens one. Dear, so a step of CI of its own. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['test/**/*.browser.ts'],
    // One shop for all, and one visitor at a time, so that what a test breaks is its own.
    fileParallelism: false,
    testTimeout: 90_000,
  },
});
