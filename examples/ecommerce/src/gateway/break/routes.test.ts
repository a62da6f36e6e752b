import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../../testing/test-gateway.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';
import type { SessionInfo } from '../contract.js';

const ADA = 1;
const ADMIN = 3;
const FAULT = { method: 'ecommerce.ProductService/GetProduct', latencyMs: 10, errorRate: 0.5 };

let shop: TestShop;
let gateway: TestGateway;
let sealed: TestGateway;
beforeAll(async () => {
  shop = await startTestShop();
  gateway = await startTestGateway(shop);
  sealed = await startTestGateway(shop, { breakable: false });
});
afterAll(async () => {
  await sealed.close();
  await gateway.close();
  await shop.close();
});

test('an administrator lets replicas have accidents', async () => {
  const strike = (path: string) => gateway.ask('POST', `/api/break/replicas/${path}`, { as: ADMIN });

  expect((await strike('products-2/stop')).status).toBe(200);
  expect((await strike('products-2/start')).status).toBe(200);
  expect((await strike('products-9/stop')).status).toBe(404);
  expect((await strike('products-2/explode')).status).toBe(404);
  expect(gateway.struck).toEqual(['products-2 stop', 'products-2 start']);
});

test.each([
  ['POST', '/api/break/replicas/products-1/stop', undefined],
  ['PUT', '/api/break/faults', FAULT],
  ['DELETE', '/api/break/faults', undefined],
  ['PUT', '/api/break/load', { times: 1 }],
  ['DELETE', '/api/break/load', undefined],
])('%s %s is for administrators of a shop that runs with its defaults', async (method, path, body) => {
  expect((await gateway.ask(method, path, { body })).status).toBe(403);
  expect((await gateway.ask(method, path, { body, as: ADA })).status).toBe(403);
  expect((await sealed.ask(method, path, { body, as: ADMIN })).status).toBe(403);
  expect(sealed.struck).toEqual([]);
});

test('the page is told whether there is something to break', async () => {
  const [one, other] = await Promise.all([gateway, sealed].map((each) => each.ask('GET', '/api/session')));

  expect(((await one!.json()) as SessionInfo).breakable).toBe(true);
  expect(((await other!.json()) as SessionInfo).breakable).toBe(false);
});

test.each([
  ['faults', { ...FAULT, method: 'ecommerce.ProductService/Explode' }, 'method'],
  ['faults', { ...FAULT, latencyMs: 10_001 }, 'latencyMs'],
  ['faults', { ...FAULT, errorRate: '1' }, 'errorRate'],
  ['load', { times: 5 }, 'times'],
  ['load', { times: 0 }, 'times'],
  ['load', {}, 'times'],
])('%s: %j is refused for its %s', async (what, body, field) => {
  const answer = await gateway.ask('PUT', `/api/break/${what}`, { body, as: ADMIN });

  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { violations: [{ field }] } });
});
