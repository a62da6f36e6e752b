import { LRUCache } from 'lru-cache';
import { optionsOf, type OptionChecker } from '../core/base/options.js';
import type { RateLimiter } from '../core/shared/rate-limiter.js';
import { TokenBucket } from './token-bucket.js';

/** Options of {@link tokenBucketLimiter}. */
export interface TokenBucketOptions {
  /** How many tokens each key gets per second. */
  readonly ratePerSecond: number;
  /** How many tokens a key can save up, at least 1: as many calls may come at once. */
  readonly burst: number;
  /**
   * For how many keys buckets are kept. Beyond it the key that was not used for the longest time is forgotten; when it
   * comes again, it starts with a full bucket.
   *
   * @default 10_000
   */
  readonly maxKeys?: number;
}

/**
 * Token buckets in this process, one per key. Time is that of a monotonic clock: setting the system's clock changes
 * nothing.
 *
 * @throws TypeError for a wrong option.
 */
export function tokenBucketLimiter(options: TokenBucketOptions): RateLimiter {
  return limiterFor(optionsOf('tokenBucketLimiter', options, ['ratePerSecond', 'burst', 'maxKeys']));
}

/** As {@link tokenBucketLimiter}, for options of which some may be another function's. */
export function limiterFor(check: OptionChecker<Partial<TokenBucketOptions>>): RateLimiter {
  const msPerToken = 1000 / check.number('ratePerSecond', { above: 0 });
  const burst = check.number('burst', { min: 1, max: Number.MAX_SAFE_INTEGER });
  const maxKeys = check.number('maxKeys', { min: 1, max: 10_000_000, integer: true, fallback: 10_000 });
  const buckets = new LRUCache<string, TokenBucket>({ max: maxKeys });
  return {
    take(key, cost = 1) {
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        bucket = new TokenBucket(msPerToken, burst);
        buckets.set(key, bucket);
      }
      return bucket.take(performance.now(), cost);
    },
  };
}
