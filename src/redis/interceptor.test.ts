import { status } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { countedCalls, type CountedCalls } from '../../test/support/counted-calls.js';
import { echoCall, kinds } from '../../test/support/echo-call.js';
import { closeRedis, describeOnRedis, nodeRedis, redisServer } from '../../test/support/redis.js';
import { rateLimitServerInterceptor } from '../overload/index.js';
import { redisRateLimiter } from './index.js';

const servers: CountedCalls[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await closeRedis();
});

describeOnRedis.each(kinds)('%s', (kind) => {
  test.each([false, { tokens: 3, ms: 60_000 }] as const)(
    'two servers admit one limit together, lease %o',
    async (lease) => {
      const client = await nodeRedis(await redisServer());
      for (let i = 0; i < 2; i++) {
        const limiter = redisRateLimiter({ client, ratePerSecond: 0.001, burst: 4, lease, timeoutMs: 30_000 });
        const limit = rateLimitServerInterceptor({ limiter, limiterTimeoutMs: 30_000 });
        servers.push(await countedCalls({ interceptors: [limit] }));
      }
      const codes: status[] = [];
      for (let i = 0; i < 6; i++) {
        for (const { rawClient } of servers) codes.push((await echoCall(rawClient, kind).seen).code);
      }
      expect(codes.filter((code) => code === status.OK).length).toBeLessThanOrEqual(4);
      expect(codes.filter((code) => code === status.OK).length).toBeGreaterThan(0);
      expect(codes.filter((code) => code !== status.OK).every((code) => code === status.RESOURCE_EXHAUSTED)).toBe(true);
    },
  );
});
