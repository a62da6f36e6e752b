import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { productService } from '../services/products/service.js';
import { bufCurl, detailsOf } from '../testing/buf.js';
import { startTestShop, type TestShop } from '../testing/test-shop.js';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop([productService]);
});
afterAll(() => shop.close());

test('a Go client lists the services and their methods', async () => {
  const { stdout: services } = await bufCurl(shop.address, '', '--list-services');
  const { stdout: methods } = await bufCurl(shop.address, '', '--list-methods');

  expect(services.trim()).toBe('ecommerce.ProductService');
  expect(methods.trim().split('\n')).toEqual(
    [
      'ChatWithProducts',
      'CreateProduct',
      'CreateProducts',
      'DeleteProduct',
      'GetProduct',
      'ListProducts',
      'SearchProducts',
      'UpdateProduct',
    ].map((name) => `ecommerce.ProductService/${name}`),
  );
});

test('a Go client calls unary and streaming methods', async () => {
  const one = await bufCurl(shop.address, 'ecommerce.ProductService/GetProduct', '-d', '{"id": 1}');
  const many = await bufCurl(shop.address, 'ecommerce.ProductService/ListProducts', '-d', '{"page_size": 3}');

  expect(JSON.parse(one.stdout)).toMatchObject({ product: { id: 1, name: 'Laptop Pro 14', price: 1299 } });
  expect(many.stdout.match(/"name"/g)).toHaveLength(3);
});

test('a Go client sees the typed details of a validation error', async () => {
  const bad = '{"name": "", "price": -1}';
  const answer = await bufCurl(shop.address, 'ecommerce.ProductService/CreateProduct', '-d', bad);

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

test('a Go client sees the reason of a refusal', async () => {
  const answer = await bufCurl(shop.address, 'ecommerce.ProductService/GetProduct', '-d', '{"id": 4711}');

  expect(answer.exitStatus).toBe(8 * status.NOT_FOUND);
  expect(await detailsOf(answer)).toMatchObject({
    'google.rpc.ErrorInfo': { reason: 'PRODUCT_NOT_FOUND', domain: 'shop.example', metadata: { id: '4711' } },
  });
});
