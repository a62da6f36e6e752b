/**
 * Resolves once the condition holds, asking at each turn of the event loop: no test waits for a time, and one whose
 * condition never holds fails with the runner's own limit.
 */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
