/** The clock of the machine, also where a test has put another in its place. */
const { setTimeout: later } = globalThis;

/** How long an assertion may keep failing until it counts: long enough for a machine with much else to do. */
const PATIENCE_MS = 60_000;

/**
 * Resolves once the condition holds, asking at each turn of the event loop: no test waits for a time, and one whose
 * condition never holds fails with the runner's own limit.
 */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => later(resolve, 1));
}

/** Resolves with what the assertion returns once it holds. If it never does, the test fails with its last error. */
export async function eventually<T>(assertion: () => T | Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await new Promise((resolve) => later(resolve, 5));
    }
  }
}
