import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { allServices } from '../services/index.js';
import { startTestShop, type TestShop } from '../testing/test-shop.js';
import { asExpected, type Journey } from './journey.js';
import { openPeople } from './people.js';
import { travel } from './run-journey.js';
import { renderTable } from './table.js';

/** The library, but for interceptors that tell when a call comes through them. */
const library = vi.hoisted(() => {
  const MAKERS = /^(?!define).*(Server|Client)Interceptor$/;
  const seen = new Set<string>();
  const watch = (name: string, make: (...args: unknown[]) => object) => {
    return (...args: unknown[]) =>
      new Proxy(make(...args), {
        apply(interceptor, self, call) {
          seen.add(name);
          return Reflect.apply(interceptor as () => unknown, self, call) as unknown;
        },
      });
  };
  const makersIn = (path: Exports) =>
    Object.entries(path).filter(([name]) => MAKERS.test(name)) as [string, () => object][];
  const load = async (original: () => Promise<Exports>) => {
    const path = await original();
    return { ...path, ...Object.fromEntries(makersIn(path).map(([name, make]) => [name, watch(name, make)])) };
  };
  return { seen, makersIn, load };
});
type Exports = Record<string, unknown>;

vi.mock('grpc-js-middleware/auth', library.load);
vi.mock('grpc-js-middleware/deadlines', library.load);
vi.mock('grpc-js-middleware/errors', library.load);
vi.mock('grpc-js-middleware/logging', library.load);
vi.mock('grpc-js-middleware/metrics', library.load);
vi.mock('grpc-js-middleware/overload', library.load);
vi.mock('grpc-js-middleware/retry', library.load);
vi.mock('grpc-js-middleware/tracing', library.load);
vi.mock('grpc-js-middleware/validation', library.load);

let shop: TestShop;
let journey: Journey;
beforeAll(async () => {
  shop = await startTestShop(undefined, ['test', 'products-1']);
  const people = openPeople(shop.scheme, shop.issuer);
  journey = await travel(people, undefined, shop);
  for (const clients of Object.values(people)) clients.close();
});
afterAll(() => shop.close());

test('the journey does what it should', () => {
  expect(journey.entries.filter((entry) => !asExpected(entry))).toEqual([]);
});

test('it calls every RPC of every service', () => {
  const called = new Set(journey.entries.map(({ rpc }) => `/${rpc}`));
  const all = allServices.flatMap(({ definition }) => Object.values(definition).map(({ path }) => path));

  expect(all.filter((path) => !called.has(path))).toEqual([]);
});

test('its calls pass through every interceptor that the library exports', async () => {
  const root = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as Package;
  const paths = Object.keys(root.exports).filter((path) => !path.endsWith('.json'));
  const all = await Promise.all(
    paths.map(async (path) => library.makersIn((await import(`grpc-js-middleware${path.slice(1)}`)) as Exports)),
  );

  const names = new Set(all.flat().map(([name]) => name));
  expect(names.size).toBeGreaterThan(20);
  // A quota is a partner's for a day or a month; the shop has no partners yet.
  names.delete('quotaServerInterceptor');
  expect([...names].filter((name) => !library.seen.has(name))).toEqual([]);
});
interface Package {
  readonly exports: Readonly<Record<string, unknown>>;
}

test.each([
  'retried after UNAVAILABLE',
  'hedged: one replica was silent, another answered',
  'circuit breaker: not even tried, come back in',
  'rate limit: a crowd is slowed down, come back in',
  'deadline: too little time to ask users and products',
  'idempotency key: answered from the store',
  'validation refused name, price',
  'typed error INSUFFICIENT_STOCK',
])('the table tells people: %s', (note) => {
  expect(renderTable(journey.entries)).toContain(note);
});
