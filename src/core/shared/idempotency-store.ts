import type { IdempotencyOutcome } from './idempotency-outcome.js';

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
  /** After this time without an outcome the claim may be taken over: its process must have died. In ms. */
  readonly leaseMs: number;
}

/**
 * A store's answer to a claim.
 * - `claimed`: the key is the owner's until its lease ends; the handler runs.
 * - `running`: another owner has it.
 * - `finished`: there is an outcome, and its time is not over.
 * - `full`: the store, or this caller's share of it, has no room until something expires. The call is refused with
 *   RESOURCE_EXHAUSTED: a store never forgets what has not expired to make room.
 */
export type Claim =
  | { readonly state: 'claimed' }
  | { readonly state: 'running'; readonly fingerprint: string }
  | { readonly state: 'finished'; readonly fingerprint: string; readonly outcome: IdempotencyOutcome }
  | { readonly state: 'full'; readonly retryAfterMs?: number };

/**
 * Where outcomes are kept, shared by the processes that serve the same methods. The contract:
 *
 * - Each of the three is one atomic step, however many processes use the store.
 * - Times are durations in ms, counted by the store's own clock.
 * - An outcome is a snapshot: what happens to the message afterwards changes nothing, and what one reader does to the
 *   outcome that it got is not seen by the next.
 * - Nothing is forgotten before its time. A store that is bounded answers `full`; where callers share it, one caller must
 *   not be able to fill it alone.
 * - A rejection means that the store does not know. The call is then refused, or runs, as `onStoreFailure` says.
 *
 * For PostgreSQL: a table with the primary key (caller, method, key) and the columns fingerprint, owner, outcome (bytea;
 * `encodeOutcome`) and expires_at. `claim` is one INSERT … ON CONFLICT DO UPDATE … WHERE expires_at < now() RETURNING, and
 * a SELECT when that returned nothing; `finish` and `release` are an UPDATE and a DELETE … WHERE owner = $n.
 */
export interface IdempotencyStore {
  /**
   * Claims the key if it is free, or its lease or its outcome's time is over, or it is this owner's already.
   */
  claim(id: IdempotencyId, terms: ClaimTerms): Claim | Promise<Claim>;
  /**
   * Keeps the outcome for `ttlMs`, if `owner` still has the claim. Answers `false` when it is not kept, since the claim is
   * not the owner's any more or there is no room: the loss is then reported as `outcomeLost`. Any other answer means kept.
   */
  finish(
    id: IdempotencyId,
    owner: string,
    outcome: IdempotencyOutcome,
    ttlMs: number,
  ): void | boolean | Promise<void | boolean>;
  /** Gives the claim up, if `owner` has it and it has no outcome yet: the next request may run. */
  release(id: IdempotencyId, owner: string): void | Promise<void>;
}

/** One text per id, for stores with a single key. */
export function idText({ caller, method, key }: IdempotencyId): string {
  return JSON.stringify([caller, method, key]);
}
