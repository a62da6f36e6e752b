import * as redis from 'grpc-js-middleware/redis';
import { sharedLimit } from '../support/wrong-limit.js';
import { wrong, wrongArgument, wrongOptions, type WrongCalls } from '../support/wrong.js';

const client = { evalSha: () => Promise.resolve([]), eval: () => Promise.resolve([]) };
const keyPrefix = [...wrong.text, 'a{b}'];

export const wrongCalls: WrongCalls = {
  redisRateLimiter: [
    ...wrongOptions<redis.RedisRateLimiterOptions>(
      'redisRateLimiter',
      redis.redisRateLimiter,
      { client, ratePerSecond: 1, burst: 1 },
      { client: [undefined, ...wrong.foreign, { eval: () => 1 }], keyPrefix, ...sharedLimit.rows },
    ),
    ...wrongOptions<redis.LeaseSize>(
      'redisRateLimiter: lease',
      (lease) => redis.redisRateLimiter({ client, ratePerSecond: 1, burst: 1, lease }),
      { tokens: 1, ms: 1 },
      sharedLimit.leaseRows,
    ),
    ...wrongArgument('redisRateLimiter: observer.onLease', wrong.function, (onLease) =>
      redis.redisRateLimiter({ client, ratePerSecond: 1, burst: 1, observer: { onLease } }),
    ),
  ],
  redisQuota: wrongOptions<redis.RedisQuotaOptions>(
    'redisQuota',
    redis.redisQuota,
    { client, limit: 1 },
    { client: [undefined, ...wrong.foreign, { eval: () => 1 }], limit: [undefined, ...wrong.positive], keyPrefix },
  ),
  redisIdempotencyStore: wrongOptions<redis.RedisIdempotencyStoreOptions>(
    'redisIdempotencyStore',
    redis.redisIdempotencyStore,
    { client },
    { client: [undefined, ...wrong.foreign, { eval: () => 1 }], keyPrefix },
  ),
};
