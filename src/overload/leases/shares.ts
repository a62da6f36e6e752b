import { LRUCache } from 'lru-cache';

interface Share {
  tokens: number;
  at: number;
}

/** Buckets of this process alone, for as long as the shared ones cannot be reached. */
export class Shares {
  private readonly buckets: LRUCache<string, Share>;

  constructor(
    private readonly perMs: number,
    private readonly burst: number,
    maxKeys: number,
  ) {
    this.buckets = new LRUCache({ max: maxKeys });
  }

  /** Takes tokens from this process's part of the limit: 0, or in how many ms they will be there. */
  take(key: string, cost: number, now: number, processes: number): number {
    const perMs = this.perMs / processes;
    // A part of less than a call's cost would admit nothing for as long as the store is away.
    const burst = Math.max(this.burst / processes, Math.min(cost, this.burst));
    const bucket = this.bucket(key, burst, now);
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) * perMs);
    bucket.at = now;
    if (bucket.tokens + 1e-6 < cost) return (cost - bucket.tokens) / perMs;
    bucket.tokens -= cost;
    return 0;
  }

  private bucket(key: string, burst: number, now: number): Share {
    const found = this.buckets.get(key);
    if (found !== undefined) return found;
    const made = { tokens: burst, at: now };
    this.buckets.set(key, made);
    return made;
  }
}
