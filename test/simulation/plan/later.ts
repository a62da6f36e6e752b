import type { When } from './plan.js';

/** Does something at that moment. */
export function later(when: When, run: () => void): void {
  if (when === 'at once') run();
  else if (when === 'in a microtask') queueMicrotask(run);
  else if (when === 'in the next tick') process.nextTick(run);
  else if (when === 'in an immediate') setImmediate(run);
  else setTimeout(run, when);
}
