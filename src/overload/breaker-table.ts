import { LRUCache } from 'lru-cache';
import { Breaker, type BreakerPolicy } from './breaker.js';

/**
 * The breakers of an interceptor, by key. The table is bounded: the one not used for the longest time is forgotten, and
 * begins closed when it comes again. What an operator forced stays.
 */
export class BreakerTable {
  private readonly recent: LRUCache<string, Breaker>;
  private readonly forced = new Map<string, Breaker>();

  constructor(
    private readonly policy: BreakerPolicy,
    maxKeys: number,
  ) {
    this.recent = new LRUCache({
      max: maxKeys,
      dispose: (breaker, key, reason) => {
        if (reason !== 'evict') return;
        if (breaker.forced) this.forced.set(key, breaker);
        // Who counts the open ones has to hear that this one is none any more.
        else breaker.reset();
      },
    });
  }

  get(key: string): Breaker {
    let breaker = this.recent.get(key);
    if (breaker === undefined) {
      breaker = this.forced.get(key) ?? new Breaker(key, this.policy);
      this.forced.delete(key);
      this.recent.set(key, breaker);
    }
    return breaker;
  }

  /** All that are known, in no particular order. */
  list(): Breaker[] {
    return [...this.recent.values(), ...this.forced.values()];
  }
}
