import type { World } from './run.js';
import { turn } from './world/loop.js';

/** The contexts of the calls of a run, weakly. */
export type Kept = readonly WeakRef<object>[];

export const keptOf = ({ log }: World): Kept => log.parts.map(({ call }) => call);

/** How many calls can still be reached though they are over, when nothing of the run is held any more. */
export async function stillReachable(kept: Kept): Promise<number> {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error('Run this with --expose-gc');
  for (let round = 0; round < 2; round++) {
    // A WeakRef that was read keeps what it leads to until the turn is over.
    await turn();
    collect();
  }
  return new Set(kept.map((each) => each.deref()).filter((each) => each !== undefined)).size;
}
