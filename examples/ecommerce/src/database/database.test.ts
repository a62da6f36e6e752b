import { eq, sql as raw } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { onServer, openTestDatabase } from '../testing/test-database.js';
import { openWire } from '../testing/wire.js';
import { products } from '../services/products/schema.js';
import { users } from '../services/users/schema.js';
import type { Database } from './database.js';
import { openDatabase } from './open.js';
import { PostgresListener } from './postgres-listener.js';
import { seed } from './seed.js';
import { eventually } from '../../../../test/support/until.js';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

test('a fresh database holds a catalogue, two customers and an admin, and is filled once', async () => {
  expect(await seed(database.sql)).toBe(false);

  expect(await database.sql.$count(products)).toBe(22);
  const roles = await database.sql.select({ id: users.id, role: users.role }).from(users).orderBy(users.id);
  expect(roles).toEqual([
    { id: 1, role: 'customer' },
    { id: 2, role: 'customer' },
    { id: 3, role: 'admin' },
  ]);
});

test('the next user gets the next id', async () => {
  const [user] = await database.sql.insert(users).values({ name: 'A', email: 'a@a.example', status: 1 }).returning();

  expect(user!.id).toBe(4);
});

test('migrating again changes nothing', async () => {
  await expect(database.migrate()).resolves.toBeUndefined();
});

test('stock below zero is refused by the database itself', async () => {
  await expect(database.sql.update(products).set({ stock: -1 })).rejects.toThrow();
});

test('what is announced is heard by those who listen, until they stop', async () => {
  const onPayload = vi.fn();
  const stop = await database.listen('news', { onPayload, onGap: vi.fn() });

  await database.sql.execute(raw`select pg_notify('news', 'first')`);
  await eventually(() => expect(onPayload).toHaveBeenCalledWith('first'));
  await stop();
  await database.sql.execute(raw`select pg_notify('news', 'second')`);
  const heard = new Promise<void>((resolve) => {
    void database.listen('marker', { onPayload: () => resolve(), onGap: vi.fn() }).then(() => {
      return database.sql.execute(raw`select pg_notify('marker', '')`);
    });
  });
  await heard;

  expect(onPayload).toHaveBeenCalledTimes(1);
});

test('what is announced in a transaction that fails is not heard', async () => {
  const onPayload = vi.fn();
  await database.listen('orders', { onPayload, onGap: vi.fn() });

  const failing = database.sql.transaction(async (transaction) => {
    await transaction.execute(raw`select pg_notify('orders', 'lost')`);
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  await database.sql.execute(raw`select pg_notify('orders', 'kept')`);

  await eventually(() => expect(onPayload.mock.calls).toEqual([['kept']]));
});

const url = process.env['DATABASE_URL'];

test.runIf(url)('a listener whose connection broke hears of the gap, then goes on', async () => {
  const onPayload = vi.fn();
  const onGap = vi.fn();
  await database.listen('broken', { onPayload, onGap });

  await database.sql.execute(
    raw`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %' and datname = current_database()`,
  );
  await eventually(() => expect(onGap).toHaveBeenCalled());
  await database.sql.execute(raw`select pg_notify('broken', 'again')`);

  await eventually(() => expect(onPayload).toHaveBeenCalledWith('again'));
});

test.runIf(url)('a listener whose connection falls silent notices it, and goes on with another', async () => {
  const wire = await openWire(new URL(url!));
  const listener = new PostgresListener(wire.url, { askEveryMs: 20, patienceMs: 500 });
  const onPayload = vi.fn();
  const onGap = vi.fn();
  await listener.listen('silent', { onPayload, onGap });

  wire.freeze();
  await eventually(() => expect(onGap).toHaveBeenCalled());
  await onServer(url!, `select pg_notify('silent', 'again')`);

  await eventually(() => expect(onPayload).toHaveBeenCalledWith('again'));
  await listener.close();
  wire.close();
});

test.runIf(url)('the server plans a statement once for a connection, however often it comes', async () => {
  await database.sql.transaction(async (transaction) => {
    for (const id of [1, 2, 3]) await transaction.select().from(products).where(eq(products.id, id));
    const { rows } = (await transaction.execute(
      raw`select generic_plans + custom_plans as times from pg_prepared_statements
        where statement like '%from "products"."products" where "products"."products"."id" = $1'`,
    )) as { rows: unknown[] };
    expect(rows).toEqual([{ times: '3' }]);
  });
});

test.runIf(url)('a process that hangs in a transaction loses its locks', async () => {
  const hanging = database.sql.transaction(async (transaction) => {
    await transaction.execute(raw`select from products.products where id = 1 for update`);
    await database.sql.update(products).set({ stock: 1 }).where(eq(products.id, 1)); // waits for the lock
    await transaction.execute(raw`select 1`);
  });

  await expect(hanging).rejects.toThrow();
  expect(await database.sql.$count(products, eq(products.stock, 1))).toBe(1);
});

test('a PostgreSQL that is not there is named, without its password', async () => {
  const opening = openDatabase({ url: 'postgres://shop:secret@127.0.0.1:1/shop' });

  await expect(opening).rejects.toThrow(/^DATABASE_URL: cannot reach PostgreSQL: connect ECONNREFUSED 127.0.0.1:1$/);
});
