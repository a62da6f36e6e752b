import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { clients, closeRedis, describeOnRedis, ioredis, nodeRedis, redisServer } from '../../test/support/redis.js';
import type { RedisServer } from '../../scripts/redis-server.mjs';
import {
  redisRateLimiter,
  type LeaseEvent,
  type LimiterAnswer,
  type RedisRateLimiterOptions,
  type SharedRateLimiter,
} from './index.js';

/** A limiter that waits as long as a busy machine takes. */
const patient = (options: RedisRateLimiterOptions): SharedRateLimiter =>
  redisRateLimiter({ timeoutMs: 30_000, ...options });

let server: RedisServer;
beforeEach(async () => {
  server = await redisServer();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await closeRedis();
});

const waitOf = (answer: number | LimiterAnswer): number => (typeof answer === 'number' ? answer : answer.retryAfterMs);

/** How many of so many calls a limiter admits, one after the other. */
async function admitted(limiter: SharedRateLimiter, calls: number, key = 'k'): Promise<number> {
  let count = 0;
  for (let call = 0; call < calls; call++) if (waitOf(await limiter.take(key)) === 0) count++;
  return count;
}

describeOnRedis.each(clients)('with %s', (_name, connect) => {
  test.each([false, { tokens: 10, ms: 60_000 }] as const)('two processes share a bucket, lease %o', async (lease) => {
    const options = { ratePerSecond: 0.001, burst: 30, lease } as const;
    const one = patient({ client: await connect(server), ...options });
    const other = patient({ client: await connect(server), ...options });
    const counts = await Promise.all([admitted(one, 50), admitted(other, 50)]);
    await Promise.all([one.close(), other.close()]);
    const rest = await Promise.all([admitted(one, 50), admitted(other, 50)]);
    expect([...counts, ...rest].reduce((sum, count) => sum + count)).toBe(30);
  });

  test('a refused call is told when there will be a token, and then gets it', async () => {
    const limiter = patient({ client: await connect(server), ratePerSecond: 20, burst: 1, lease: false });
    expect(waitOf(await limiter.take('k'))).toBe(0);
    const answer = await limiter.take('k');
    expect(answer).toMatchObject({ remaining: 0 });
    expect(waitOf(answer)).toBeGreaterThan(0);
    expect(waitOf(answer)).toBeLessThanOrEqual(50);
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitOf(answer)) + 1));
    expect(waitOf(await limiter.take('k'))).toBe(0);
  });

  test('scripts that Redis forgot are sent again', async () => {
    const limiter = patient({ client: await connect(server), ratePerSecond: 1, burst: 100, lease: false });
    await limiter.take('k');
    await ioredis(server).script('FLUSH');
    expect(await limiter.take('k')).toMatchObject({ retryAfterMs: 0, remaining: 98 });
  });
});

describeOnRedis('leases', () => {
  test('grow with the rate of the key, and stay at one token for a key that is called rarely', async () => {
    const leases: LeaseEvent[] = [];
    const limiter = patient({
      client: await nodeRedis(server),
      ratePerSecond: 1,
      burst: 1000,
      lease: { tokens: 50, ms: 60_000 },
      observer: { onLease: (event) => leases.push(event) },
    });
    await admitted(limiter, 200, 'hot');
    expect(leases.map(({ granted }) => granted)).toEqual([1, 2, 4, 8, 16, 32, 50, 50, 50]);
    leases.length = 0;
    await admitted(limiter, 1, 'cold');
    expect(leases).toEqual([{ store: 'redis', asked: 1, granted: 1, givenBack: 0 }]);
  });

  test('calls that come together wait for one answer', async () => {
    const leases: LeaseEvent[] = [];
    const limiter = patient({
      client: await nodeRedis(server),
      ratePerSecond: 1,
      burst: 60,
      lease: { tokens: 10, ms: 60_000 },
      observer: { onLease: (event) => leases.push(event) },
    });
    const answers = await Promise.all(Array.from({ length: 100 }, async () => limiter.take('k')));
    expect(answers.filter((answer) => answer === 0)).toHaveLength(60);
    expect(leases.length).toBeLessThanOrEqual(3);
  });

  test('that end unspent are given back', async () => {
    let givenBack = 0;
    const back = new Promise<void>((resolve) => {
      const onLease = (event: LeaseEvent): void => {
        givenBack += event.givenBack;
        if (event.asked === 0) resolve();
      };
      void nodeRedis(server).then(async (client) => {
        const options = { client, ratePerSecond: 0.001, burst: 64 };
        const limiter = patient({ ...options, lease: { tokens: 64, ms: 50 }, observer: { onLease } });
        await admitted(limiter, 17);
      });
    });
    await back;
    const exact = patient({ client: await nodeRedis(server), ratePerSecond: 0.001, burst: 64, lease: false });
    expect(givenBack).toBeGreaterThan(0);
    expect(await admitted(exact, 64)).toBe(64 - 17);
  });

  test('a cost beyond the lease is taken at once, and one beyond the burst never', async () => {
    const limiter = patient({
      client: await nodeRedis(server),
      ratePerSecond: 1,
      burst: 10,
      lease: { tokens: 2, ms: 60_000 },
    });
    expect(await limiter.take('k', 9)).toBe(0);
    expect(await limiter.take('k', 9)).toBeGreaterThan(7000);
    expect(await limiter.take('k', 1)).toBe(0);
    expect(await limiter.take('k', 11)).toBe(Infinity);
  });
});
