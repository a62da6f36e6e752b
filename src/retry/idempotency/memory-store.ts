import { LRUCache } from 'lru-cache';
import { optionsOf } from '../../core/base/options.js';
import type { IdempotencyOutcome } from './outcome.js';
import { idText, type Claim, type ClaimTerms, type IdempotencyId, type IdempotencyStore } from './store.js';

/** Options of {@link memoryIdempotencyStore}. */
export interface MemoryStoreOptions {
  /** How many keys are remembered; the longest unused are forgotten first. @default 10_000 */
  readonly maxEntries?: number;
}

interface Entry {
  readonly fingerprint: string;
  readonly owner: string;
  readonly outcome: IdempotencyOutcome | undefined;
}

/**
 * Keeps outcomes in this process. Enough where one process serves a method; several need a store that they share.
 *
 * @throws TypeError on an impossible option.
 */
export function memoryIdempotencyStore(options: MemoryStoreOptions = {}): IdempotencyStore {
  const check = optionsOf('memoryIdempotencyStore', options, ['maxEntries']);
  return new MemoryStore(check.number('maxEntries', { min: 1, max: 10_000_000, integer: true, fallback: 10_000 }));
}

class MemoryStore implements IdempotencyStore {
  // Its times are counted by the clock that never steps.
  private readonly entries: LRUCache<string, Entry>;

  constructor(max: number) {
    this.entries = new LRUCache({ max });
  }

  claim(id: IdempotencyId, { fingerprint, owner, leaseMs }: ClaimTerms): Claim {
    const key = idText(id);
    const found = this.entries.get(key);
    if (found?.outcome !== undefined) {
      return { state: 'finished', fingerprint: found.fingerprint, outcome: found.outcome };
    }
    if (found !== undefined) return { state: 'running', fingerprint: found.fingerprint };
    this.entries.set(key, { fingerprint, owner, outcome: undefined }, { ttl: leaseMs });
    return { state: 'claimed' };
  }

  finish(id: IdempotencyId, owner: string, outcome: IdempotencyOutcome, ttlMs: number): void {
    const found = this.owned(id, owner);
    if (found !== undefined) this.entries.set(idText(id), { ...found, outcome }, { ttl: ttlMs });
  }

  release(id: IdempotencyId, owner: string): void {
    if (this.owned(id, owner) !== undefined) this.entries.delete(idText(id));
  }

  private owned(id: IdempotencyId, owner: string): Entry | undefined {
    const found = this.entries.peek(idText(id));
    return found?.owner === owner ? found : undefined;
  }
}
