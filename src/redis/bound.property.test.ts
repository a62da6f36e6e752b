import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RedisServer } from '../../scripts/redis-server.mjs';
import { closeRedis, describeOnRedis, nodeRedis, redisServer } from '../../test/support/redis.js';
import { redisRateLimiter } from './index.js';

let server: RedisServer;
beforeAll(async () => {
  server = await redisServer();
});
afterAll(closeRedis);

const settings = fc.record({
  ratePerSecond: fc.integer({ min: 1, max: 5000 }),
  burst: fc.integer({ min: 1, max: 200 }),
  lease: fc.option(fc.record({ tokens: fc.integer({ min: 1, max: 300 }), ms: fc.integer({ min: 1, max: 200 }) }), {
    nil: false as const,
  }),
  processes: fc.integer({ min: 1, max: 4 }),
  costs: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
  pausesMs: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 5 }),
});

describeOnRedis('processes that share a bucket', () => {
  let run = 0;

  test('admit at most rate · t + burst from the first call on, and at least what was there', async () => {
    const client = await nodeRedis(server);
    await fc.assert(
      fc.asyncProperty(settings, async ({ processes, costs, pausesMs, ...limits }) => {
        const options = { client, ...limits, keyPrefix: `run-${run++}:`, timeoutMs: 30_000 };
        const limiters = Array.from({ length: processes }, () => redisRateLimiter(options));
        const started = performance.now();
        let admitted = 0;
        const work = limiters.map(async (limiter) => {
          for (let round = 0; round < 10; round++) {
            const taking = Array.from({ length: 20 }, async (_, i) => {
              const cost = costs[i % costs.length]!;
              const answer = await limiter.take('k', cost);
              if ((typeof answer === 'object' ? answer.retryAfterMs : answer) === 0) admitted += cost;
            });
            await Promise.all(taking);
            await new Promise((resolve) => setTimeout(resolve, pausesMs[round % pausesMs.length]));
          }
        });
        await Promise.all(work);
        const seconds = (performance.now() - started) / 1000;
        await Promise.all(limiters.map((limiter) => limiter.close()));
        expect(admitted).toBeLessThanOrEqual(limits.ratePerSecond * seconds + limits.burst + 1e-3);
        const wanted = processes * 10 * costs[0]!;
        expect(admitted).toBeGreaterThanOrEqual(Math.min(limits.burst - Math.max(...costs) + 1, wanted));
      }),
      { numRuns: 25 },
    );
  });
});
