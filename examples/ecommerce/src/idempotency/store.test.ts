import { createHash } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { status } from '@grpc/grpc-js';
import type { ClaimTerms, IdempotencyOutcome } from 'grpc-js-middleware/retry';
import type { Database } from '../database/database.js';
import { openTestDatabase } from '../testing/test-database.js';
import { idempotencyKeys } from './schema.js';
import { DatabaseIdempotencyStore } from './store.js';

const SECRET = Buffer.from('a secret');

let database: Database;
let store: DatabaseIdempotencyStore;
beforeAll(async () => {
  database = await openTestDatabase();
  store = new DatabaseIdempotencyStore(database.sql, SECRET);
});
afterAll(() => database.close());

let ids = 0;
const newId = () => ({ caller: 'bearer:1', method: '/shop.Shop/Buy', key: `key ${++ids}` });
const terms = (owner: string, leaseMs = 60_000): ClaimTerms => ({ fingerprint: 'print', owner, leaseMs });
const outcome: IdempotencyOutcome = {
  code: status.OK,
  details: 'OK',
  trailers: {},
  message: { paid: true, at: new Date(0) },
};

test('of many claims at the same time one runs', async () => {
  const id = newId();

  const claims = await Promise.all(['a', 'b', 'c', 'd'].map((owner) => store.claim(id, terms(owner))));

  expect(claims.filter(({ state }) => state === 'claimed')).toHaveLength(1);
  expect(claims.filter(({ state }) => state === 'running')).toHaveLength(3);
});

test('the same key of another caller, or for another method, is another', async () => {
  const id = newId();
  const others = [id, { ...id, caller: 'bearer:2' }, { ...id, method: '/shop.Shop/Sell' }];

  for (const other of others) expect(await store.claim(other, terms('a'))).toEqual({ state: 'claimed' });
});

test('what was answered comes back as it was, only from the owner of the claim', async () => {
  const id = newId();
  await store.claim(id, terms('a'));

  await store.finish(id, 'b', { ...outcome, details: 'forged' }, 60_000);
  expect(await store.claim(id, terms('c'))).toEqual({ state: 'running', fingerprint: 'print' });
  await store.finish(id, 'a', outcome, 60_000);
  expect(await store.claim(id, terms('c'))).toEqual({ state: 'finished', fingerprint: 'print', outcome });
});

test('a released key is free, a foreign one cannot be released', async () => {
  const id = newId();
  await store.claim(id, terms('a'));

  await store.release(id, 'b');
  expect(await store.claim(id, terms('b'))).toMatchObject({ state: 'running' });
  await store.release(id, 'a');
  expect(await store.claim(id, terms('b'))).toEqual({ state: 'claimed' });
});

test('a claim whose lease is over may be taken, and its late owner changes nothing', async () => {
  const id = newId();
  await store.claim(id, terms('dead', -1));

  expect(await store.claim(id, terms('heir'))).toEqual({ state: 'claimed' });
  await store.release(id, 'dead');
  expect(await store.claim(id, terms('third'))).toMatchObject({ state: 'running' });
});

test('what is over is forgotten, and only that', async () => {
  const [old, fresh] = [newId(), newId()];
  await store.claim(old, terms('a', -1));
  await store.claim(fresh, terms('a'));
  const before = await database.sql.$count(idempotencyKeys);

  await store.purge();

  expect(await database.sql.$count(idempotencyKeys)).toBe(before - 1);
  expect(await store.claim(fresh, terms('b'))).toMatchObject({ state: 'running' });
});

test('whoever reads the table cannot tell which request a fingerprint is of; another request is known as another', async () => {
  const id = newId();
  await store.claim(id, terms('a'));

  const [row] = await database.sql.select().from(idempotencyKeys).where(eq(idempotencyKeys.key, id.key));
  const other = await store.claim(id, { ...terms('b'), fingerprint: 'another print' });

  expect(row!.fingerprint).not.toBe('print');
  expect(row!.fingerprint).not.toBe(createHash('sha256').update('print').digest('base64url'));
  expect(other).toMatchObject({ state: 'running', fingerprint: row!.fingerprint });
});
