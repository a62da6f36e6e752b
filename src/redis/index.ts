// Limits that several processes share.
export { redisRateLimiter, type RedisRateLimiterOptions } from './rate-limiter.js';
export { redisQuota, type RedisQuotaOptions } from './quota.js';

// Requests that run once.
export { redisIdempotencyStore, type RedisIdempotencyStoreOptions } from './idempotency-store.js';

// What is given, and what happened.
export type { IoredisClient, NodeRedisClient, RedisClient } from './client.js';
export type {
  LeaseEvent,
  LeaseSize,
  LimiterAnswer,
  SharedLimitObserver,
  SharedLimitOptions,
  SharedRateLimiter,
  WhenAway,
} from '../overload/leases/options.js';
export type { StoreState } from '../overload/leases/outage.js';
