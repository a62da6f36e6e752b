import type { Variant } from '../harness/rounds.js';

/** What is measured: something added to a call, beside the same call without it. */
export interface Candidate {
  readonly name: string;
  /** Added CPU µs per operation that it may take on Node 24; twice that on Node 20. */
  readonly budget?: number;
  /** In a round. @default 3,000 */
  readonly operations?: number;
  /** Its budget is what these cost one by one, together. */
  readonly sumOf?: readonly string[];
  make(): Pair | Promise<Pair>;
}

export interface Pair {
  readonly without: Variant['run'];
  readonly with: Variant['run'];
  /** Throws unless what should have been measured did happen, given how many operations were run with it. */
  verify?(operations: number): void | Promise<void>;
}

/** Operations that one candidate's features saw, as counted by a side effect of theirs. */
export function mustHaveSeen(what: string, seen: number, operations: number): void {
  // What is batched may still be on its way.
  if (seen < operations * 0.95) throw new Error(`${operations} operations, but only ${seen} ${what}`);
}
