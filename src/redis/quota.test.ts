import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RedisServer } from '../../scripts/redis-server.mjs';
import { clients, closeRedis, describeOnRedis, ioredis, redisServer } from '../../test/support/redis.js';
import { redisQuota } from './index.js';

let server: RedisServer;
beforeAll(async () => {
  server = await redisServer();
});
afterAll(closeRedis);

describeOnRedis.each(clients)('a quota in Redis, with %s', (name, connect) => {
  test('is shared by all processes, counts what fits, and is forgotten after its window', async () => {
    const make = async () => redisQuota({ client: await connect(server), limit: 10, keyPrefix: `${name}:` });
    const [one, other] = [await make(), await make()];
    const end = Math.ceil(Date.now() / 1000) + 3600;
    const key = `k@${end}`;
    const answers = await Promise.all(Array.from({ length: 12 }, async (_, i) => (i % 2 ? one : other).take(key)));
    expect(answers.filter((answer) => typeof answer === 'object' && answer.retryAfterMs === 0)).toHaveLength(10);
    expect(await one.take(key)).toEqual({ retryAfterMs: Infinity, remaining: 0 });
    expect(await one.take(`k@${end + 3600}`, 0.5)).toEqual({ retryAfterMs: 0, remaining: 9.5 });
    const left = await ioredis(server).pttl(`${name}:{${key}}`);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(3_600_000 + 86_400_000 + 1000);
  });
});
