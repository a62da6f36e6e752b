import { status } from '@grpc/grpc-js';
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RedisServer } from '../../scripts/redis-server.mjs';
import { redisCluster } from '../../test/support/redis-cluster.js';
import { closeRedis, describeOnRedis } from '../../test/support/redis.js';
import { redisIdempotencyStore, redisRateLimiter, type RedisClient } from './index.js';

interface Connected {
  readonly client: RedisClient;
  close(): unknown;
}

async function nodeRedisCluster(nodes: readonly RedisServer[]): Promise<Connected> {
  const client = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) });
  client.on('error', () => undefined);
  await client.connect();
  return { client, close: () => client.destroy() };
}

function ioredisCluster(nodes: readonly RedisServer[]): Promise<Connected> {
  const client = new Cluster(nodes.map(({ port }) => ({ port, host: '127.0.0.1' })));
  client.on('error', () => undefined);
  return Promise.resolve({ client, close: () => client.disconnect() });
}

describeOnRedis.each([
  ['node-redis', nodeRedisCluster],
  ['ioredis', ioredisCluster],
] as const)('a cluster of three nodes, with %s', (_name, connect) => {
  let nodes: readonly RedisServer[];
  let connected: Connected;
  beforeAll(async () => {
    nodes = await redisCluster();
    connected = await connect(nodes);
  });
  afterAll(async () => {
    await connected.close();
    await closeRedis();
  });

  const keys = Array.from({ length: 60 }, (_, i) => `user-${i}`);

  test('keeps the buckets of all keys, each on its own node', async () => {
    const { client } = connected;
    const limiter = redisRateLimiter({ client, ratePerSecond: 0.001, burst: 1, lease: false, timeoutMs: 30_000 });
    for (const key of keys) expect(await limiter.take(key)).toMatchObject({ retryAfterMs: 0 });
    for (const key of keys) expect(await limiter.take(key)).toMatchObject({ remaining: 0 });
  });

  test('keeps claims and outcomes of all keys', async () => {
    const store = redisIdempotencyStore({ client: connected.client });
    const outcome = { code: status.OK, details: 'OK', trailers: {}, message: 1 };
    const terms = { fingerprint: 'f', owner: 'o', leaseMs: 60_000 };
    for (const key of keys) {
      const id = { caller: '', method: '/a.B/C', key };
      expect(await store.claim(id, terms)).toEqual({ state: 'claimed' });
      await store.finish(id, 'o', outcome, 60_000);
      expect(await store.claim(id, { ...terms, owner: 'p' })).toMatchObject({ state: 'finished', outcome });
    }
  });

  test('a key may hold braces and other letters', async () => {
    const { client } = connected;
    const limiter = redisRateLimiter({ client, ratePerSecond: 1, burst: 1, lease: false, timeoutMs: 30_000 });
    for (const key of ['}a{', '{}', 'a}b', 'ä\n"', '']) expect(await limiter.take(key)).toMatchObject({ remaining: 0 });
  });
});
