import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { PostgresServer } from '../../scripts/postgres-server.mjs';
import { closePostgres, describeOnPostgres, poolTo, postgresServer } from '../../test/support/postgres.js';
import {
  migratePostgres,
  postgresRateLimiter,
  type PostgresPool,
  type SharedRateLimiter,
  type StoreState,
} from './index.js';

let server: PostgresServer;
let pool: PostgresPool;
beforeAll(async () => {
  server = await postgresServer();
  pool = poolTo(server, { max: 8 });
  await migratePostgres({ pool });
});
afterEach(() => vi.restoreAllMocks());
afterAll(closePostgres);

async function admitted(limiter: SharedRateLimiter, calls: number, key = 'k'): Promise<number> {
  let count = 0;
  for (let call = 0; call < calls; call++) {
    const answer = await limiter.take(key);
    if ((typeof answer === 'number' ? answer : answer.retryAfterMs) === 0) count++;
  }
  return count;
}

describeOnPostgres('a limiter in PostgreSQL', () => {
  test.each([false, { tokens: 10, ms: 60_000 }] as const)('two processes share a bucket, lease %o', async (lease) => {
    const limits = { ratePerSecond: 0.001, burst: 30, lease, timeoutMs: 30_000, keyPrefix: JSON.stringify(lease) };
    const one = postgresRateLimiter({ pool: poolTo(server), ...limits });
    const other = postgresRateLimiter({ pool: poolTo(server), ...limits });
    const counts = await Promise.all([admitted(one, 50), admitted(other, 50)]);
    await Promise.all([one.close(), other.close()]);
    const rest = await Promise.all([admitted(one, 50), admitted(other, 50)]);
    expect([...counts, ...rest].reduce((sum, count) => sum + count)).toBe(30);
  });

  test('a refused call is told when there will be a token, and then gets it', async () => {
    const limiter = postgresRateLimiter({ pool, ratePerSecond: 20, burst: 1, lease: false, timeoutMs: 30_000 });
    await limiter.take('exact');
    const answer = (await limiter.take('exact')) as { readonly retryAfterMs: number };
    expect(answer.retryAfterMs).toBeGreaterThan(0);
    expect(answer.retryAfterMs).toBeLessThanOrEqual(50);
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(answer.retryAfterMs) + 1));
    expect(await limiter.take('exact')).toMatchObject({ retryAfterMs: 0 });
  });

  test('what was admitted stays below rate · t + burst', async () => {
    const options = { ratePerSecond: 200, burst: 20, lease: { tokens: 8, ms: 50 }, timeoutMs: 30_000 };
    const limiters = [1, 2, 3].map(() => postgresRateLimiter({ pool, keyPrefix: 'bound', ...options }));
    const started = performance.now();
    const counts = await Promise.all(
      limiters.map(async (limiter) => {
        let count = 0;
        for (let round = 0; round < 30; round++) {
          count += await admitted(limiter, 10);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return count;
      }),
    );
    const total = counts.reduce((sum, count) => sum + count);
    expect(total).toBeLessThanOrEqual((200 * (performance.now() - started)) / 1000 + 20);
    expect(total).toBeGreaterThanOrEqual(20);
  });

  test('any text can be a key', async () => {
    const limiter = postgresRateLimiter({ pool, ratePerSecond: 1, burst: 1, lease: false, timeoutMs: 30_000 });
    for (const key of ['', "'; DROP TABLE x", 'a\0b', '\ud800', 'ä'.repeat(256)]) {
      expect(await limiter.take(key)).toMatchObject({ retryAfterMs: 0, remaining: 0 });
    }
  });

  test('while the database is away, a process admits its share, warns once, and comes back', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const own = await postgresServer();
    const states: StoreState[] = [];
    const ownPool = poolTo(own);
    await migratePostgres({ pool: ownPool });
    const limits = { ratePerSecond: 0.001, burst: 8, lease: false, timeoutMs: 2000 } as const;
    const other = postgresRateLimiter({ pool: poolTo(own), ...limits });
    const observer = { onStoreState: (state: StoreState) => states.push(state) };
    const limiter = postgresRateLimiter({ pool: ownPool, ...limits, observer });
    await admitted(other, 2);
    await admitted(limiter, 3);
    // The server does not wait for the disk at each commit: a crash would take the migration with it.
    await ownPool.query('CHECKPOINT');
    own.kill();
    expect(await admitted(limiter, 20)).toBe(4);
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^postgresRateLimiter: postgres is away/), {
      code: 'GRPC_JS_MIDDLEWARE_STORE',
    });
    own.start();
    while (states.at(-1)?.away !== false) {
      await limiter.take('k');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(states).toHaveLength(2);
  });
});
