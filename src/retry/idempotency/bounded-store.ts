import { setTimeout as sleep } from 'node:timers/promises';
import type { IdempotencyOutcome } from './outcome.js';
import type { Claim, ClaimTerms, IdempotencyId, IdempotencyStore } from './store.js';

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
      return await this.inTime(answer);
    } catch (error) {
      answer.then(
        ({ state }) => (state === 'claimed' ? this.release(id, terms.owner) : undefined),
        () => undefined,
      );
      throw error;
    }
  }

  /** Tries again where the store fails: the outcome of what was done is worth some patience. @throws as `claim`. */
  async finish(id: IdempotencyId, owner: string, outcome: IdempotencyOutcome, ttlMs: number): Promise<void> {
    for (const delay of FINISH_AGAIN_MS) {
      try {
        await this.inTime(this.store.finish(id, owner, outcome, ttlMs));
        return;
      } catch {
        await sleep(delay, undefined, { ref: false });
      }
    }
    await this.inTime(this.store.finish(id, owner, outcome, ttlMs));
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
