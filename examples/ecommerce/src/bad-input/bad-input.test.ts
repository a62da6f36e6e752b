import { Client, credentials } from '@grpc/grpc-js';
import { desc } from 'drizzle-orm';
import { BusinessError, statusName, ValidationError, type StatusError } from 'grpc-js-middleware';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AnalyticsServiceService } from '../gen/analytics/analytics.js';
import { ProductCategory, ProductServiceService } from '../gen/ecommerce/product.js';
import { UserServiceService } from '../gen/user/user.js';
import { policy } from '../policy.js';
import { events } from '../services/analytics/schema.js';
import { allServices } from '../services/index.js';
import { collect } from '../streams/collect.js';
import { digest } from '../testing/digest.js';
import { rawCall } from '../testing/raw-call.js';
import { startTestShop, type TestShop } from '../testing/test-shop.js';
import { fieldsOf, type Field } from './fields.js';
import { badInput, FINE, type Caller, type Row } from './table.js';
import { BAD_VALUES, manyLike } from './values.js';
import { makeWorld, type World } from './world.js';

// Everything that the network may send to any RPC of the shop, through the real stack: each bad call gets the right
// status, with every bad field named, and the database is as it was.

let shop: TestShop;
let world: World;
let client: Client;
let tokens: Record<Caller, string | undefined>;

beforeAll(async () => {
  shop = await startTestShop();
  world = await makeWorld(shop);
  client = new Client(shop.address, credentials.createInsecure());
  tokens = {
    ada: await shop.issuer.token({ userId: 1, role: 'customer' }),
    admin: await shop.issuer.token({ userId: 3, role: 'admin' }),
    stranger: undefined,
  };
});
afterAll(async () => {
  client.close();
  await shop.close();
});

const methods = allServices.flatMap(({ definition }) => Object.values(definition));
/** The ids in it do not matter to what the table is made of. */
const NOWHERE: World = { adasOrder: 1, gracesOrder: 2, paidOrder: 3, payment: 1, refusedPayment: 2 };
const rpcs = badInput(NOWHERE).map(({ path }) => path.slice(1));

test('every RPC of every service is in the table', () => {
  expect(rpcs.toSorted()).toEqual(methods.map(({ path }) => path.slice(1)).toSorted());
});

describe.each(rpcs)('%s', (rpc) => {
  const rowNow = () => badInput(world).find(({ path }) => path === `/${rpc}`)!;

  test('refuses every bad value of every field, and names the field', async () => {
    const row = rowNow();
    const attempts = row.good.flatMap((good) => fieldsOf(rpc, good).flatMap((field) => badValues(row, good, field)));
    await areRefused(row, attempts);
  });

  test('refuses what is well-formed and makes no sense', async () => {
    const row = rowNow();
    const attempts = (row.refused ?? []).map(({ what, as = 'ada', request, code, fields = [], reason }) => {
      const expected = [statusName(code), ...(reason === undefined ? fields : [reason])].join(' ');
      return { what, as, messages: [request].flat().map(row.requestSerialize), expected };
    });
    await areRefused(row, attempts);
  });

  test('refuses what is no message at all, and whoever may not call', async () => {
    const row = rowNow();
    const stranger = { what: 'a stranger', as: 'stranger', messages: [row.requestSerialize(row.good[0]!)] } as const;
    await areRefused(row, [...GARBAGE, ...(isOpen(row) ? [] : [{ ...stranger, expected: 'UNAUTHENTICATED' }])]);
  });
});

interface Attempt {
  readonly what: string;
  readonly as: Caller;
  readonly messages: readonly Buffer[];
  /** `INVALID_ARGUMENT name price`, `NOT_FOUND USER_NOT_FOUND`: all that a program would act on. */
  readonly expected: string;
}

async function areRefused(row: Row, attempts: readonly Attempt[]): Promise<void> {
  const before = await digest(shop.database.sql);
  const outcomes: string[] = [];
  for (const { what, as, messages } of attempts) {
    outcomes.push(`${what}: ${inWords(await rawCall(client, row, messages, tokens[as]))}`);
  }
  expect(outcomes).toEqual(attempts.map(({ what, expected }) => `${what}: ${expected}`));
  expect(await digest(shop.database.sql)).toEqual(before);
}

const GARBAGE: readonly Attempt[] = Object.entries({
  'a number that does not end': Buffer.from('08ffffffffffffffffffffff', 'hex'),
  'a text longer than its message': Buffer.from('0affffff7f61', 'hex'),
  'a tag that is none': Buffer.from('07', 'hex'),
  'more bytes than a message may have': Buffer.alloc(5 * 1_048_576),
}).map(([what, bytes]) => {
  const expected = bytes.length > 1_000 ? 'RESOURCE_EXHAUSTED' : 'INTERNAL';
  return { what, as: 'admin', messages: [bytes], expected };
});

function badValues({ except = {}, ...row }: Row, good: object, { name, kind, value, ...field }: Field): Attempt[] {
  const before = row.requestStream && !row.eachByItself ? [good] : [];
  return Object.entries(BAD_VALUES[kind]).flatMap(([badness, bad]) => {
    const what = `${name} ${badness}`;
    const reason = except[what] ?? except[name];
    if (reason === FINE) return [];
    const request = field.with(kind === 'list' && typeof bad === 'number' ? manyLike(value, bad) : bad);
    const expected = reason === undefined ? `INVALID_ARGUMENT ${name}` : `NOT_FOUND ${reason}`;
    return { what, as: 'admin', messages: [...before, request].map(row.requestSerialize), expected };
  });
}

function inWords(error: StatusError | undefined): string {
  if (error === undefined) return 'OK';
  const words: string[] = [statusName(error.code)];
  if (error instanceof BusinessError) words.push(error.reason);
  if (error instanceof ValidationError) words.push(...error.violations.map(({ field }) => field));
  return words.join(' ');
}

function isOpen({ path }: Row): boolean {
  const [, service, name] = path.split('/') as [string, string, string];
  return policy.ruleFor({ path, service, name, kind: 'unary' })?.description === 'anyone';
}

test('what is written is noticed', async () => {
  const before = await digest(shop.database.sql);
  await shop.stranger.users.createUser({ name: 'Joan', email: 'joan@example.org' });
  const after = await digest(shop.database.sql);
  expect(Object.keys(after).filter((table) => after[table] !== before[table])).toEqual(['users.users']);
});

test.each(['100%', 'a_b', "'; drop table products.products; --", '\\', '"', '$1', 'İstanbul', '.*'])(
  'search text %j is text',
  async (text) => {
    const fields = { description: '', price: 1, stock: 1, category: ProductCategory.HOME, tags: [] };
    const { product } = await shop.admin.products.createProduct({ ...fields, name: `Lamp ${text} green` });
    const search = { query: text, category: ProductCategory.HOME, minPrice: 0, maxPrice: 0 };

    const found = await collect(shop.stranger.products.searchProducts(search));

    expect(found).toEqual([product]);
  },
);

test('of a key that comes twice in a map the last one counts; no key reaches beyond its map', async () => {
  const entry = (key: string, value: string) => event({ [key]: value }).subarray(event({}).length);
  const twice = Buffer.concat([event({ page: 'home' }), entry('page', 'cart'), entry('__proto__', 'x')]);

  const error = await rawCall(client, AnalyticsServiceService.trackEvent, [twice]);

  expect(error).toBeUndefined();
  const [last] = await shop.database.sql.select().from(events).orderBy(desc(events.id)).limit(1);
  expect(last!.properties).toEqual({ page: 'cart' });
});

function event(properties: Record<string, string>): Buffer {
  const { requestSerialize } = AnalyticsServiceService.trackEvent;
  return requestSerialize({ name: 'product_view', userId: 0, productId: 0, properties });
}

test('an id of more than 32 bits is read as protobuf says, and a time beyond every calendar is refused', async () => {
  const id = Buffer.from('08ffffffff8f8080808001', 'hex'); // 2^63 + 2^32 - 1, of which int32 keeps -1
  const from = Buffer.from('1209088080808080808002', 'hex'); // 2^50 seconds

  const errors = [
    await rawCall(client, ProductServiceService.getProduct, [id]),
    await rawCall(client, AnalyticsServiceService.getMetrics, [from], tokens.admin),
  ];

  expect(errors.map(inWords)).toEqual(['INVALID_ARGUMENT id', 'INVALID_ARGUMENT from']);
});

test('a number beyond what JavaScript holds exactly cannot be read, and ends the call that brought it', async () => {
  const timestamp = Buffer.from('18808080808080808010', 'hex'); // 2^60

  const errors = [
    await rawCall(client, ProductServiceService.chatWithProducts, [timestamp], tokens.admin),
    await rawCall(client, UserServiceService.chatWithUsers, [timestamp], tokens.admin),
  ];

  expect(errors.map(inWords)).toEqual(['INTERNAL', 'INTERNAL']);
});
