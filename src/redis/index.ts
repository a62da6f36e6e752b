// Limits that several processes share.
export { redisRateLimiter, type RedisRateLimiterOptions, type SharedRateLimiter } from './rate-limiter.js';

// Requests that run once.
export { redisIdempotencyStore, type RedisIdempotencyStoreOptions } from './idempotency-store.js';

// What is given, and what happened.
export type { IoredisClient, NodeRedisClient, RedisClient } from './client.js';
export type { LimiterAnswer } from '../overload/leases/leased-limiter.js';
export type {
  LeaseEvent,
  LeaseSize,
  SharedLimitObserver,
  SharedLimitOptions,
  WhenAway,
} from '../overload/leases/options.js';
export type { StoreState } from '../overload/leases/outage.js';
