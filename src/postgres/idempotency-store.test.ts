import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { PostgresServer } from '../../scripts/postgres-server.mjs';
import { closePostgres, describeOnPostgres, poolTo, postgresServer } from '../../test/support/postgres.js';
import type { IdempotencyOutcome } from '../retry/index.js';
import { migratePostgres, postgresIdempotencyStore, postgresMigration } from './index.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await postgresServer();
});
afterAll(closePostgres);

let keys = 0;
const newId = () => ({ caller: 'bearer:ada', method: '/shop.OrderService/Create', key: `k-${keys++}` });
const outcome: IdempotencyOutcome = {
  code: status.OK,
  details: 'OK',
  trailers: { 'x-bin': [Uint8Array.of(0, 255)], 'x-text': ['ä'] },
  message: { id: 7n, at: new Date(0), bytes: Uint8Array.of(1, 0, 255) },
};
const terms = (owner: string, leaseMs = 60_000) => ({ fingerprint: 'f', owner, leaseMs });

describeOnPostgres('a store in PostgreSQL', () => {
  const storeOn = async (options = {}) => {
    const pool = poolTo(server);
    await migratePostgres({ pool });
    return postgresIdempotencyStore({ pool, ...options });
  };

  test('one of many processes claims a key, and the others get its outcome byte for byte', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => storeOn()));
    for (let round = 0; round < 10; round++) {
      const id = newId();
      const claims = await Promise.all(stores.map(async (store, i) => store.claim(id, terms(`owner-${i}`))));
      const winner = claims.findIndex(({ state }) => state === 'claimed');
      expect(claims.filter(({ state }) => state === 'running')).toHaveLength(3);
      await stores[winner]!.finish(id, `owner-${winner}`, outcome, 60_000);
      expect(await stores[0]!.claim(id, terms('later'))).toEqual({ state: 'finished', fingerprint: 'f', outcome });
    }
  });

  test('a claim whose process died can be taken over after its lease, and not before', async () => {
    const store = await storeOn();
    const [id, lasting] = [newId(), newId()];
    await store.claim(lasting, terms('at work'));
    await store.claim(id, terms('died', 50));
    await vi.waitFor(async () => expect(await store.claim(id, terms('next'))).toEqual({ state: 'claimed' }), 20_000);
    expect(await store.claim(lasting, terms('early'))).toEqual({ state: 'running', fingerprint: 'f' });
    expect(await store.finish(id, 'died', outcome, 60_000)).toBe(false);
    expect(await store.claim(id, terms('later'))).toMatchObject({ state: 'running' });
  });

  test('a released key can be claimed; an outcome and the claims of others are not released', async () => {
    const store = await storeOn();
    const id = newId();
    await store.claim(id, terms('a'));
    await store.release(id, 'stranger');
    expect(await store.claim(id, terms('b'))).toMatchObject({ state: 'running' });
    await store.release(id, 'a');
    expect(await store.claim(id, terms('b'))).toEqual({ state: 'claimed' });
    await store.finish(id, 'b', outcome, 60_000);
    await store.release(id, 'b');
    expect(await store.claim(id, terms('c'))).toMatchObject({ state: 'finished' });
  });

  test('what has expired can be claimed, and is deleted beside the work', async () => {
    const store = await storeOn({ cleanEveryMs: 1 });
    const id = newId();
    await store.claim(id, terms('a'));
    await store.finish(id, 'a', outcome, 1);
    const pool = poolTo(server);
    const expired = async (): Promise<unknown> => {
      await store.claim(newId(), terms('busy'));
      const sql = 'SELECT count(*)::int AS n FROM grpc_idempotency WHERE expires_at < clock_timestamp()';
      return (await pool.query(sql)).rows[0];
    };
    await vi.waitFor(async () => expect(await expired()).toEqual({ n: 0 }), 20_000);
    expect(await store.claim(id, terms('b'))).toEqual({ state: 'claimed' });
  });

  test('a crash of the database loses nothing that it acknowledged; until it is back, claims reject', async () => {
    const own = await postgresServer();
    const pool = poolTo(own);
    await migratePostgres({ pool });
    const store = postgresIdempotencyStore({ pool });
    const [finished, running] = [newId(), newId()];
    await store.claim(finished, terms('a'));
    await store.claim(running, terms('a'));
    await store.finish(finished, 'a', outcome, 60_000);
    await pool.query('CHECKPOINT');
    own.kill();
    await expect(store.claim(newId(), terms('b'))).rejects.toThrow();
    own.start();
    const replay = { state: 'finished', fingerprint: 'f', outcome };
    await vi.waitFor(async () => expect(await store.claim(finished, terms('b'))).toEqual(replay), 20_000);
    expect(await store.claim(running, terms('b'))).toMatchObject({ state: 'running' });
  });

  test('processes that start together create the tables once, in a schema if told', async () => {
    const pool = poolTo(server);
    await pool.query('CREATE SCHEMA IF NOT EXISTS "Fleet"');
    const tables = { idempotencyTable: 'Fleet.Keys', rateLimitTable: 'Fleet.limits' };
    await Promise.all(Array.from({ length: 4 }, () => migratePostgres({ pool: poolTo(server), ...tables })));
    await pool.query(postgresMigration(tables));
    const store = postgresIdempotencyStore({ pool, table: 'Fleet.Keys' });
    expect(await store.claim(newId(), terms('a'))).toEqual({ state: 'claimed' });
  });
});
