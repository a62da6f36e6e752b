import { setTimeout as sleep } from 'node:timers/promises';
import { isOutcome, type IdempotencyOutcome } from '../../core/shared/idempotency-outcome.js';
import type { Claim, ClaimTerms, IdempotencyId, IdempotencyStore } from '../../core/shared/idempotency-store.js';

/** Delays between the tries to hand an outcome to a store that fails. */
const FINISH_AGAIN_MS = [100, 1000];

/** A store whose answers are waited for so long and no longer. */
export class BoundedStore {
  constructor(
    private readonly store: IdempotencyStore,
    private readonly timeoutMs: number,
  ) {}

  /** @throws what the store throws, or an Error when it takes too long; a claim that succeeds later is released. */
  async claim(id: IdempotencyId, terms: ClaimTerms): Promise<Claim> {
    const answer = Promise.resolve(this.store.claim(id, terms));
    try {
      return checked(await this.inTime(answer));
    } catch (error) {
      answer.then(
        (claim: Partial<Claim> | undefined) => (claim?.state === 'claimed' ? this.release(id, terms.owner) : undefined),
        () => undefined,
      );
      throw error;
    }
  }

  /**
   * Tries again where the store fails: the outcome of what was done is worth some patience. Answers whether it is kept.
   *
   * @throws as `claim`.
   */
  async finish(id: IdempotencyId, owner: string, outcome: IdempotencyOutcome, ttlMs: number): Promise<boolean> {
    for (const delay of FINISH_AGAIN_MS) {
      try {
        return (await this.inTime(this.store.finish(id, owner, outcome, ttlMs))) !== false;
      } catch {
        await sleep(delay, undefined, { ref: false });
      }
    }
    return (await this.inTime(this.store.finish(id, owner, outcome, ttlMs))) !== false;
  }

  /** Never rejects: a claim that cannot be released ends with its lease. */
  async release(id: IdempotencyId, owner: string): Promise<void> {
    try {
      await this.inTime(this.store.release(id, owner));
    } catch {
      // Nothing to be done.
    }
  }

  private async inTime<T>(answer: T | Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const expiry = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`The store took longer than ${this.timeoutMs} ms`)), this.timeoutMs);
    });
    try {
      return await Promise.race([answer, expiry]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @throws TypeError for an answer that the contract of stores does not know. */
function checked(claim: Claim): Claim {
  const given = claim as Partial<Record<'state' | 'fingerprint' | 'outcome', unknown>> | null | undefined;
  if (given?.state === 'claimed' || given?.state === 'full') return claim;
  const isKnown = typeof given?.fingerprint === 'string';
  if (given?.state === 'running' && isKnown) return claim;
  if (given?.state === 'finished' && isKnown && isOutcome(given.outcome)) return claim;
  throw new TypeError('The store answered a claim with something that is not a Claim');
}
