import { optionsOf } from '../../core/base/options.js';
import type { IdempotencyOutcome } from '../../core/shared/idempotency-outcome.js';
import {
  idText,
  type Claim,
  type ClaimTerms,
  type IdempotencyId,
  type IdempotencyStore,
} from '../../core/shared/idempotency-store.js';
import { snapshotOf } from '../../core/shared/snapshot.js';
import { approximateBytes } from '../approximate-bytes.js';
import { Room } from './room.js';

/** Options of {@link memoryIdempotencyStore}. */
export interface MemoryStoreOptions {
  /** How many keys are remembered. Beyond it new keys are refused until others expire. @default 100_000 */
  readonly maxEntries?: number;
  /** How many bytes keys and outcomes may take, about. @default 67_108_864 (64 MiB) */
  readonly maxBytes?: number;
  /**
   * Which share of both one caller may take, so that none can fill the store alone. 1 where all callers are trusted, or
   * where there is only one.
   *
   * @default 0.25
   */
  readonly callerShare?: number;
}

interface Entry {
  readonly caller: string;
  readonly fingerprint: string;
  readonly owner: string;
  readonly outcome: IdempotencyOutcome | undefined;
  readonly bytes: number;
  /** By the clock that never steps. */
  readonly expiresAt: number;
}

/** Kept free for each claim, so that at least a small outcome fits. */
const CLAIM_BYTES = 1024;

/** Room for a claim with a long caller and key. */
const LEAST_BYTES = 4096;

/**
 * Keeps outcomes in this process. Enough where one process serves a method; several need a store that they share. What has
 * not expired is never forgotten: when there is no room, or a caller has used up its share, new keys are refused.
 *
 * @throws TypeError on an impossible option.
 */
export function memoryIdempotencyStore(options: MemoryStoreOptions = {}): IdempotencyStore {
  const check = optionsOf('memoryIdempotencyStore', options, ['maxEntries', 'maxBytes', 'callerShare']);
  const entries = check.number('maxEntries', { min: 1, max: 10_000_000, integer: true, fallback: 100_000 });
  const bytes = check.number('maxBytes', { min: LEAST_BYTES, max: Number.MAX_SAFE_INTEGER, fallback: 64 * 2 ** 20 });
  const share = check.number('callerShare', { above: 0, max: 1, fallback: 0.25 });
  const perCaller = { entries: Math.max(1, Math.ceil(entries * share)), bytes: Math.max(LEAST_BYTES, bytes * share) };
  return new MemoryStore(new Room({ entries, bytes }, perCaller));
}

class MemoryStore implements IdempotencyStore {
  private readonly entries = new Map<string, Entry>();
  /** Nothing expires before. */
  private earliest = Infinity;

  constructor(private readonly room: Room) {}

  claim(id: IdempotencyId, { fingerprint, owner, leaseMs }: ClaimTerms): Claim {
    const key = idText(id);
    const found = this.find(key);
    if (found?.outcome !== undefined) {
      return { state: 'finished', fingerprint: found.fingerprint, outcome: snapshotOf(found.outcome) };
    }
    if (found !== undefined && found.owner !== owner) return { state: 'running', fingerprint: found.fingerprint };
    if (found !== undefined) this.delete(key, found);
    const bytes = CLAIM_BYTES + 2 * key.length;
    if (!this.room.has(id.caller, bytes)) this.sweep();
    if (!this.room.has(id.caller, bytes)) return { state: 'full', retryAfterMs: this.freeInMs() };
    this.set(key, { caller: id.caller, fingerprint, owner, outcome: undefined, bytes, expiresAt: now() + leaseMs });
    return { state: 'claimed' };
  }

  finish(id: IdempotencyId, owner: string, outcome: IdempotencyOutcome, ttlMs: number): boolean {
    const key = idText(id);
    const found = this.find(key);
    if (found?.owner !== owner) return false;
    const size = approximateBytes(outcome, Number.MAX_SAFE_INTEGER) + 2 * key.length;
    const bytes = Math.max(CLAIM_BYTES + 2 * key.length, size);
    const more = bytes - found.bytes;
    if (more > 0 && !this.room.fits(found.caller, more)) this.sweep();
    if (more > 0 && !this.room.fits(found.caller, more)) return false;
    this.delete(key, found);
    this.set(key, { ...found, outcome: snapshotOf(outcome), bytes, expiresAt: now() + ttlMs });
    return true;
  }

  release(id: IdempotencyId, owner: string): void {
    const key = idText(id);
    const found = this.find(key);
    if (found?.owner === owner && found.outcome === undefined) this.delete(key, found);
  }

  private find(key: string): Entry | undefined {
    const found = this.entries.get(key);
    if (found === undefined || found.expiresAt > now()) return found;
    this.delete(key, found);
    return undefined;
  }

  private set(key: string, entry: Entry): void {
    this.entries.set(key, entry);
    this.room.take(entry.caller, entry.bytes);
    this.earliest = Math.min(this.earliest, entry.expiresAt);
  }

  private delete(key: string, { caller, bytes }: Entry): void {
    this.entries.delete(key);
    this.room.giveBack(caller, bytes);
  }

  /** Makes room by what has expired; costs nothing while nothing has. */
  private sweep(): void {
    const at = now();
    if (at < this.earliest) return;
    this.earliest = Infinity;
    for (const [key, entry] of this.entries) {
      if (entry.expiresAt <= at) this.delete(key, entry);
      else this.earliest = Math.min(this.earliest, entry.expiresAt);
    }
  }

  private freeInMs(): number {
    return Math.min(Math.max(1, Math.ceil(this.earliest - now())), 2 ** 31 - 1);
  }
}

const now = (): number => performance.now();
