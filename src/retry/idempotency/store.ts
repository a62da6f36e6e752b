import type { IdempotencyOutcome } from './outcome.js';

/** What one key stands for: the same key of another caller, or for another method, is another. */
export interface IdempotencyId {
  /** Who calls, as authenticated; `''` for an anonymous caller. */
  readonly caller: string;
  /** `/pkg.Service/Name` */
  readonly method: string;
  /** As the client sent it: up to 255 characters. */
  readonly key: string;
}

/** What goes with a claim. */
export interface ClaimTerms {
  /** Hash of the request, so that another request under the same key is recognised. */
  readonly fingerprint: string;
  /** Who claims: a new random value for each run. */
  readonly owner: string;
  /** After this time without an outcome the claim may be taken over: its process must have died. */
  readonly leaseMs: number;
}

/** What a store says to a claim. */
export type Claim =
  | { readonly state: 'claimed' }
  | { readonly state: 'running'; readonly fingerprint: string }
  | { readonly state: 'finished'; readonly fingerprint: string; readonly outcome: IdempotencyOutcome };

/**
 * Where outcomes are kept, shared by the processes that serve the same methods. Times are durations, so that only the
 * store's own clock counts.
 *
 * For PostgreSQL: a table with the primary key (caller, method, key) and the columns fingerprint, owner, outcome (bytea;
 * `encodeOutcome`) and expires_at. `claim` is one INSERT … ON CONFLICT DO UPDATE … WHERE expires_at < now() RETURNING, and
 * a SELECT when that returned nothing; `finish` and `release` are an UPDATE and a DELETE … WHERE owner = $n.
 */
export interface IdempotencyStore {
  /** Claims the key if it is free, or its lease or its outcome's time is over; in one atomic step. */
  claim(id: IdempotencyId, terms: ClaimTerms): Claim | Promise<Claim>;
  /** Keeps the outcome for `ttlMs`, if `owner` still has the claim. */
  finish(id: IdempotencyId, owner: string, outcome: IdempotencyOutcome, ttlMs: number): void | Promise<void>;
  /** Gives the claim up, if `owner` still has it: the next request may run. */
  release(id: IdempotencyId, owner: string): void | Promise<void>;
}

/** One text per id, for stores with a single key. */
export function idText({ caller, method, key }: IdempotencyId): string {
  return JSON.stringify([caller, method, key]);
}
