import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RedisServer } from '../../scripts/redis-server.mjs';
import { clients, closeRedis, describeOnRedis, ioredis, nodeRedis, redisServer } from '../../test/support/redis.js';
import type { IdempotencyOutcome } from '../retry/index.js';
import { redisIdempotencyStore } from './index.js';
import { eventually } from '../../test/support/until.js';

let server: RedisServer;
beforeEach(async () => {
  server = await redisServer();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await closeRedis();
});

const id = { caller: 'bearer:ada', method: '/shop.OrderService/Create', key: 'k-1' };
const outcome: IdempotencyOutcome = {
  code: status.OK,
  details: 'OK',
  trailers: { 'x-bin': [Uint8Array.of(0, 255)], 'x-text': ['ä'] },
  message: { id: 7n, at: new Date(0), bytes: Uint8Array.of(1, 0, 255) },
};
const terms = (owner: string, leaseMs = 60_000) => ({ fingerprint: 'f', owner, leaseMs });

describeOnRedis.each(clients)('with %s', (_name, connect) => {
  test('one of many processes claims a key, and the others get its outcome byte for byte', async () => {
    const stores = await Promise.all(
      Array.from({ length: 5 }, async () => redisIdempotencyStore({ client: await connect(server) })),
    );
    const claims = await Promise.all(stores.map(async (store, i) => store.claim(id, terms(`owner-${i}`))));
    const winner = claims.findIndex(({ state }) => state === 'claimed');
    expect(claims.filter(({ state }) => state === 'running')).toHaveLength(4);
    await stores[winner]!.finish(id, `owner-${winner}`, outcome, 60_000);
    expect(await stores[0]!.claim(id, terms('later'))).toEqual({ state: 'finished', fingerprint: 'f', outcome });
  });

  test('the same key of another caller or method is another', async () => {
    const store = redisIdempotencyStore({ client: await connect(server) });
    for (const other of [id, { ...id, caller: 'bearer:bob' }, { ...id, method: '/a.B/C' }, { ...id, key: 'k-2' }]) {
      expect(await store.claim(other, terms('o'))).toEqual({ state: 'claimed' });
    }
  });

  test('a claim whose process died can be taken over after its lease, and not before', async () => {
    const store = redisIdempotencyStore({ client: await connect(server) });
    const lasting = { ...id, key: 'lasting' };
    await store.claim(lasting, terms('at work', 60_000));
    await store.claim(id, terms('died', 50));
    await eventually(async () => expect(await store.claim(id, terms('next'))).toEqual({ state: 'claimed' }));
    expect(await store.claim(lasting, terms('early'))).toEqual({ state: 'running', fingerprint: 'f' });
    await store.finish(id, 'died', outcome, 60_000);
    expect(await store.claim(id, terms('later'))).toMatchObject({ state: 'running' });
  });

  test('a released key can be claimed; an outcome and the claims of others are not released', async () => {
    const store = redisIdempotencyStore({ client: await connect(server) });
    await store.claim(id, terms('a'));
    await store.release(id, 'stranger');
    expect(await store.claim(id, terms('b'))).toMatchObject({ state: 'running' });
    await store.release(id, 'a');
    expect(await store.claim(id, terms('b'))).toEqual({ state: 'claimed' });
    await store.finish(id, 'b', outcome, 60_000);
    await store.release(id, 'b');
    expect(await store.claim(id, terms('c'))).toMatchObject({ state: 'finished' });
  });

  test('an outcome is forgotten after its time', async () => {
    const store = redisIdempotencyStore({ client: await connect(server) });
    await store.claim(id, terms('a'));
    await store.finish(id, 'a', outcome, 50);
    await eventually(async () => expect(await store.claim(id, terms('b'))).toEqual({ state: 'claimed' }));
  });
});

describeOnRedis('a store', () => {
  test('sends its scripts again after Redis forgot them, and rejects while Redis is away', async () => {
    const store = redisIdempotencyStore({ client: ioredis(server, { maxRetriesPerRequest: 0 }) });
    await store.claim(id, terms('a'));
    await ioredis(server).script('FLUSH');
    await store.finish(id, 'a', outcome, 60_000);
    expect(await store.claim(id, terms('b'))).toMatchObject({ state: 'finished' });
    await server.kill();
    await expect(store.claim(id, terms('b'))).rejects.toThrow();
  });

  test('lets a call run again when Redis lost its data: persistence is what a restart survives by', async () => {
    const store = redisIdempotencyStore({ client: await nodeRedis(server) });
    await store.claim(id, terms('a'));
    await store.finish(id, 'a', outcome, 60_000);
    await server.kill();
    await server.start();
    await eventually(async () => expect(await store.claim(id, terms('b'))).toEqual({ state: 'claimed' }));
  });

  test('keeps what it knows over a restart of a Redis that writes every command to disk', async () => {
    const durable = await redisServer(['--appendonly', 'yes', '--appendfsync', 'always']);
    const store = redisIdempotencyStore({ client: await nodeRedis(durable) });
    await store.claim(id, terms('a'));
    await store.finish(id, 'a', outcome, 60_000);
    await durable.kill();
    await durable.start();
    const replay = { state: 'finished', fingerprint: 'f', outcome };
    await eventually(async () => expect(await store.claim(id, terms('b'))).toEqual(replay));
  });

  test.each([
    ['allkeys-lru', 1],
    ['volatile-ttl', 1],
    ['noeviction', 0],
  ])('warns once where maxmemory-policy is %s, if that may evict', async (policy, warnings) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const client = ioredis(server);
    await client.config('SET', 'maxmemory-policy', policy);
    const store = redisIdempotencyStore({ client });
    await store.claim(id, terms('a'));
    await store.claim(id, terms('b'));
    await eventually(async () => expect(await client.info('commandstats')).toMatch(/cmdstat_info:calls=[2-9]/));
    await eventually(() => expect(warn).toHaveBeenCalledTimes(warnings));
    if (warnings > 0) expect(warn.mock.calls[0]![0]).toContain(`maxmemory-policy of Redis is ${policy}`);
  });

  test('whose record is evicted lets its call run again', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const client = ioredis(server);
    await client.config('SET', 'maxmemory-policy', 'allkeys-random');
    const store = redisIdempotencyStore({ client });
    await store.claim(id, terms('a'));
    await store.finish(id, 'a', outcome, 60_000);
    const used = /used_memory:(\d+)/.exec(await client.info('memory'))![1]!;
    await client.config('SET', 'maxmemory', String(Number(used) - 100_000));
    await eventually(async () => expect(await client.dbsize()).toBe(0));
    await client.config('SET', 'maxmemory', '0');
    expect(await store.claim(id, terms('b'))).toEqual({ state: 'claimed' });
  });
});
