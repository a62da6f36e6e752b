import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserStatus } from '../../gen/user/user.js';
import { collect } from '../../streams/collect.js';
import { refusal, refusals, violationsOf } from '../../testing/refusals.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';
import { users } from './schema.js';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

const countUsers = () => shop.database.sql.$count(users);
const firstPage = { page: 0, pageSize: 0 };

test('anybody may become a user, and is then a customer of the shop', async () => {
  const { user } = await shop.stranger.users.createUser({ name: 'Joan', email: 'Joan@Example.org' });

  expect(user).toMatchObject({ name: 'Joan', email: 'joan@example.org', status: UserStatus.ACTIVE });
  expect(Math.abs(user!.createdAt - Date.now() / 1000)).toBeLessThan(60);
});

test('an e-mail address belongs to one user, in whatever letters', async () => {
  const taken = { name: 'Another Ada', email: 'ADA@shop.example' };

  const attempts = [shop.stranger.users.createUser(taken), shop.admin.users.updateUser({ id: 2, ...taken })];

  for (const error of await refusals(attempts)) {
    expect(error).toMatchObject({ code: status.ALREADY_EXISTS, reason: 'EMAIL_TAKEN' });
  }
});

test('customers see, change and delete themselves, and nobody else', async () => {
  const { user } = await shop.ada.users.updateUser({ id: 1, name: 'Countess Lovelace', email: 'ada@shop.example' });
  expect(user!.name).toBe('Countess Lovelace');
  expect(await shop.ada.users.getUser({ id: 1 })).toEqual({ user });

  const before = await shop.admin.users.getUser({ id: 2 });
  const attempts = [
    shop.ada.users.getUser({ id: 2 }),
    shop.ada.users.updateUser({ id: 2, name: 'x', email: 'x@x.example' }),
    shop.ada.users.deleteUser({ id: 2 }),
    collect(shop.ada.users.listUsers(firstPage)),
    shop.ada.users.createUsers([]),
  ];
  for (const error of await refusals(attempts)) expect(error).toMatchObject({ code: status.PERMISSION_DENIED });
  expect(await shop.admin.users.getUser({ id: 2 })).toEqual(before);
});

test('without a token there is nothing to see', async () => {
  expect(await refusal(shop.stranger.users.getUser({ id: 1 }))).toMatchObject({ code: status.UNAUTHENTICATED });
});

test('an admin lists users page by page', async () => {
  const all = await collect(shop.admin.users.listUsers({ page: 1, pageSize: 100 }));

  expect(all.map(({ id }) => id).slice(0, 3)).toEqual([1, 2, 3]);
  expect(await collect(shop.admin.users.listUsers({ page: 2, pageSize: 2 }))).toEqual(all.slice(2, 4));
});

test('an upload of users is written as a whole, or not at all', async () => {
  const before = await countUsers();
  const some = ['a', 'b'].map((name) => ({ name, email: `${name}@upload.example` }));

  expect(await refusal(shop.admin.users.createUsers([...some, some[0]!]))).toMatchObject({ reason: 'EMAIL_TAKEN' });
  expect(await violationsOf(shop.admin.users.createUsers([...some, { name: '', email: '' }]))).toEqual([
    'name',
    'email',
  ]);
  expect(await countUsers()).toBe(before);

  expect(await shop.admin.users.createUsers(some)).toMatchObject({ count: 2, users: some });
});

test('what is deleted is gone', async () => {
  const { user } = await shop.stranger.users.createUser({ name: 'Short', email: 'short@stay.example' });
  const { id } = user!;

  expect(await shop.admin.users.deleteUser({ id })).toEqual({ success: true });

  for (const error of await refusals([shop.admin.users.getUser({ id }), shop.admin.users.deleteUser({ id })])) {
    expect(error).toMatchObject({ code: status.NOT_FOUND, reason: 'USER_NOT_FOUND' });
  }
});

test('what one says in the chat all hear, with the name that the server knows', async () => {
  let hangUp: () => void = () => undefined;
  async function* listenOnly() {
    await new Promise<void>((resolve) => (hangUp = resolve));
    yield* [];
  }
  const heard = shop.grace.users.chatWithUsers(listenOnly());
  const first = heard.next();
  const say = { id: 7, message: 'Hello', timestamp: 0, userId: 999 };
  let said: unknown;
  while (said === undefined) {
    await collect(shop.ada.users.chatWithUsers([say]));
    said = await Promise.race([first, new Promise((resolve) => setImmediate(resolve))]);
  }

  expect(said).toMatchObject({ value: { id: 7, message: 'Hello', userId: 1 } });
  hangUp();
});

test.each([0, -1])('id %d is no id', async (id) => {
  expect(await violationsOf(shop.admin.users.getUser({ id }))).toEqual(['id']);
  expect(await violationsOf(shop.admin.users.deleteUser({ id }))).toEqual(['id']);
  expect(await violationsOf(shop.admin.users.updateUser({ id, name: 'x', email: 'x@x.example' }))).toEqual(['id']);
});

test.each([
  [['name'], { name: ' ' }],
  [['name'], { name: 'x'.repeat(1_000_000) }],
  [['name'], { name: 'a\u0000' }],
  [['email'], { email: '' }],
  [['email'], { email: 'nobody' }],
  [['email'], { email: 'a b@c.example' }],
  [['email'], { email: `a@b.example\u0000` }],
  [['email'], { email: `${'x'.repeat(1_000_000)}@c.example` }],
])('createUser and updateUser refuse a bad %j (%#)', async (fields, bad) => {
  const before = await countUsers();
  const good = { name: 'Good', email: 'good@input.example' };

  expect(await violationsOf(shop.stranger.users.createUser({ ...good, ...bad }))).toEqual(fields);
  expect(await violationsOf(shop.admin.users.updateUser({ id: 1, ...good, ...bad }))).toEqual(fields);

  expect(await countUsers()).toBe(before);
});

test('listUsers and chatWithUsers refuse bad input', async () => {
  expect(await violationsOf(collect(shop.admin.users.listUsers({ page: -1, pageSize: 101 })))).toEqual([
    'page',
    'page_size',
  ]);
  const silence = { id: 1, message: '', timestamp: 0, userId: 0 };
  expect(await violationsOf(collect(shop.ada.users.chatWithUsers([silence])))).toEqual(['message']);
});
