import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects all garbage: what only weak references point to is gone afterwards. */
export async function collectGarbage(): Promise<void> {
  // A WeakRef that was read keeps its target until the end of the turn.
  await new Promise(setImmediate);
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
