import type { Lease } from './lease.js';

/** A call that waits for the store's answer. */
export interface Waiter {
  readonly cost: number;
  readonly resolve: (waitMs: number) => void;
}

/** What one process knows of one key. */
export class KeyState {
  lease: Lease | undefined;
  /** Calls that wait for the store, first come, first served; undefined while nothing is asked. */
  waiters: Waiter[] | undefined;
  /** Tokens that calls wanted since the store was asked last. */
  demand = 0;
  private askedAt = -Infinity;
  private size = 1;
  private refusedCost = Infinity;
  private refilledAt = 0;
  private askFrom = 0;

  constructor(readonly key: string) {}

  /** In how many ms to come back, as far as is known without asking; 0 when the store has to be asked. */
  knownWait(now: number, cost: number): number {
    const wait = this.lease?.waitFor(now, cost);
    if (wait !== undefined) return Math.max(wait, Number.MIN_VALUE);
    return cost >= this.refusedCost && now < this.askFrom ? this.refilledAt - now : 0;
  }

  /**
   * The bucket was found empty.
   *
   * @param cost So many tokens it has not.
   * @param refilledAt When it will have them.
   * @param askFrom From when on they can be reserved.
   */
  refuse(cost: number, refilledAt: number, askFrom: number): void {
    this.refusedCost = cost;
    this.refilledAt = refilledAt;
    this.askFrom = askFrom;
  }

  /**
   * How many tokens to lease: as many as the key's calls took lately in the time of a lease. At most twice as many as
   * last time, so that a burst does not take what it will not use.
   */
  nextSize(now: number, leaseMs: number, max: number): number {
    const elapsed = Math.max(now - this.askedAt, 1e-3);
    const wanted = Math.ceil((this.demand * leaseMs) / elapsed);
    this.size = Math.max(1, Math.min(wanted, this.size * 2, max));
    this.askedAt = now;
    this.demand = 0;
    return this.size;
  }
}
