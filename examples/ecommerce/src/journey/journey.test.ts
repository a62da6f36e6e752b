import { afterAll, beforeAll, expect, test } from 'vitest';
import { allServices } from '../services/index.js';
import { startTestShop, type TestShop } from '../testing/test-shop.js';
import { asExpected } from './journey.js';
import { openPeople } from './people.js';
import { travel } from './run-journey.js';
import { renderTable } from './table.js';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

test('the journey does what it should, and calls every RPC of every service', async () => {
  const people = openPeople(shop.scheme, shop.issuer);

  const { entries } = await travel(people);
  for (const clients of Object.values(people)) clients.close();

  expect(entries.filter((entry) => !asExpected(entry))).toEqual([]);
  const called = new Set(entries.map(({ rpc }) => `/${rpc}`));
  const all = allServices.flatMap(({ definition }) => Object.values(definition).map(({ path }) => path));
  expect(all.filter((path) => !called.has(path))).toEqual([]);
  expect(renderTable(entries)).toContain('retried after UNAVAILABLE');
});
