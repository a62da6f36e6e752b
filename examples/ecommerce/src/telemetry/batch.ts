import type { BreakerState, CallSummary, LimitState } from '../gateway/contract.js';
import type { Counts } from './tally.js';

/** What a process has seen since it was last asked, in a form that travels. */
export interface Batch {
  /** Who tells: `shop`, the replica that has the process to itself, or `customer`. */
  readonly process: string;
  readonly served: readonly Served[];
  readonly made: readonly Made[];
  readonly limits: readonly Limited[];
  readonly breakers: readonly Omit<BreakerState, 'owner'>[];
  readonly calls: readonly CallSummary[];
  readonly unseen: number;
}

/** What a replica has answered. */
export interface Served {
  readonly replica: string;
  readonly inFlight: number;
  readonly counts: Counts;
}

/** What one has asked of another. */
export interface Made {
  readonly from: string;
  readonly to: string;
  readonly counts: Counts;
}

export interface Limited extends LimitState {
  readonly replica: string;
}
