import { optionsOf } from '../core/base/options.js';
import { LeasedLimiter } from '../overload/leases/leased-limiter.js';
import {
  leaseOptions,
  SHARED_LIMIT_NAMES,
  type SharedLimitOptions,
  type SharedRateLimiter,
} from '../overload/leases/options.js';
import { runnerOf, type RedisClient } from './client.js';
import { prefixOf } from './prefix.js';
import { RedisTokenStore } from './token-store.js';

/** Options of {@link redisRateLimiter}. */
export interface RedisRateLimiterOptions extends SharedLimitOptions {
  /** A client of `redis` 6 or `ioredis` 6. */
  readonly client: RedisClient;
  /**
   * What the keys in Redis begin with. Limits that are to count apart need prefixes that differ; braces are not allowed, since
   * they decide where a cluster keeps a key.
   *
   * @default 'grpc-rate:'
   */
  readonly keyPrefix?: string;
}

const OWNER = 'redisRateLimiter';

/**
 * Token buckets in Redis or Valkey, one per key, shared by all processes that use the same `keyPrefix`. A process leases several
 * tokens of a busy key at once and spends them without asking.
 *
 * In any time of t seconds all processes together admit at most `ratePerSecond · t + burst` and what they had leased before:
 * `lease.tokens` for each process.
 *
 * @throws TypeError for a wrong option.
 * @example
 * rateLimitServerInterceptor({ limiter: redisRateLimiter({ client, ratePerSecond: 1000, burst: 200 }) })
 */
export function redisRateLimiter(options: RedisRateLimiterOptions): SharedRateLimiter {
  const check = optionsOf(OWNER, options, [...SHARED_LIMIT_NAMES, 'client', 'keyPrefix']);
  const run = runnerOf(check);
  const lease = leaseOptions(OWNER, check, options);
  const store = new RedisTokenStore(run, prefixOf(check, 'grpc-rate:'), lease.ratePerSecond, lease.burst);
  return new LeasedLimiter(store, lease);
}
