const counters = new Map<string, () => number | Promise<number>>();

/** Counts something that a feature does for each call, so that a benchmark can tell whether it was done. */
export function countWork(what: string, count: () => number | Promise<number>): void {
  counters.set(what, count);
}

/** How much of each has been done in this process. */
export async function workDone(): Promise<Record<string, number>> {
  const done: Record<string, number> = {};
  for (const [what, count] of counters) done[what] = await count();
  return done;
}

/** Throws unless each was done once for each call. */
export function mustHaveDone(owner: string, done: Readonly<Record<string, number>>, calls: number): void {
  for (const [what, count] of Object.entries(done)) {
    if (count < calls) throw new Error(`${owner} had ${calls} calls, but did only ${count} ${what}`);
  }
}
