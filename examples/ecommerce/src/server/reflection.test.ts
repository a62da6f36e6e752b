import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allServices } from '../services/index.js';
import { bufCurl, detailsOf } from '../testing/buf.js';
import { startTestShop, type TestShop } from '../testing/test-shop.js';
import { nameOf } from './start-server.js';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

test('a Go client lists every service, and their methods', async () => {
  const { stdout: services } = await bufCurl(shop.address, '', '--list-services');
  const { stdout: methods } = await bufCurl(shop.address, '', '--list-methods');

  const served = allServices.map(nameOf);
  expect(services.trim().split('\n')).toEqual([...served, 'grpc.health.v1.Health'].sort());
  const paths = allServices.flatMap(({ definition }) => Object.values(definition).map(({ path }) => path.slice(1)));
  expect(methods.trim().split('\n')).toEqual(expect.arrayContaining(paths));
});

test('a Go client calls unary and streaming methods', async () => {
  const one = await bufCurl(shop.address, 'ecommerce.ProductService/GetProduct', '-d', '{"id": 1}');
  const many = await bufCurl(shop.address, 'ecommerce.ProductService/ListProducts', '-d', '{"page_size": 3}');

  expect(JSON.parse(one.stdout)).toMatchObject({ product: { id: 1, name: 'Laptop Pro 14', price: 1299 } });
  expect(many.stdout.match(/"name"/g)).toHaveLength(3);
});

test('a Go client sees the typed details of a validation error', async () => {
  const authorization = `authorization: Bearer ${await shop.issuer.token({ userId: 3, role: 'admin' })}`;
  const bad = ['-H', authorization, '-d', '{"name": "", "price": -1}'];
  const answer = await bufCurl(shop.address, 'ecommerce.ProductService/CreateProduct', ...bad);

  expect(answer.exitStatus).toBe(8 * status.INVALID_ARGUMENT);
  expect(await detailsOf(answer)).toMatchObject({
    'google.rpc.BadRequest': {
      fieldViolations: [
        { field: 'name', description: 'must not be empty' },
        { field: 'price', description: 'must be an amount from 0.01 to 1,000,000' },
        { field: 'category', description: 'must be one of ELECTRONICS, CLOTHING, BOOKS, HOME, SPORTS' },
      ],
    },
  });
});

test('a customer who asks for another user is refused', async () => {
  const authorization = `authorization: Bearer ${await shop.issuer.token({ userId: 1, role: 'customer' })}`;
  const askFor = (id: number) =>
    bufCurl(shop.address, 'user.UserService/GetUser', '-H', authorization, '-d', `{"id": ${id}}`);

  const [own, another] = await Promise.all([askFor(1), askFor(2)]);

  expect(JSON.parse(own.stdout)).toMatchObject({ user: { id: 1, name: 'Ada Lovelace' } });
  expect(another.exitStatus).toBe(8 * status.PERMISSION_DENIED);
});

test('a Go client sees the reason of a refusal', async () => {
  const answer = await bufCurl(shop.address, 'ecommerce.ProductService/GetProduct', '-d', '{"id": 4711}');

  expect(answer.exitStatus).toBe(8 * status.NOT_FOUND);
  expect(await detailsOf(answer)).toMatchObject({
    'google.rpc.ErrorInfo': { reason: 'PRODUCT_NOT_FOUND', domain: 'shop.example', metadata: { id: '4711' } },
  });
});
