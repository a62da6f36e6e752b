import type { Variant } from '../harness/rounds.js';

/** What is measured: something added to a call, beside the same call without it. */
export interface Candidate {
  readonly name: string;
  /** Added CPU µs per operation that it may take on Node 24; twice that on Node 20. */
  readonly budget?: number;
  /** In a round: so many that each round has its share of garbage to collect. @default 15,000 */
  readonly operations?: number;
  /** Operations in a call. @default 1 */
  readonly perCall?: number;
  /** Its budget is what these cost one by one, together. */
  readonly sumOf?: readonly string[];
  make(): Pair | Promise<Pair>;
}

export interface Pair {
  readonly without: Variant['run'];
  readonly with: Variant['run'];
}
