import { status } from '@grpc/grpc-js';
import { StatusError, ValidationError } from 'grpc-js-middleware';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProductCategory, type CreateProductRequest } from '../../gen/ecommerce/product.js';
import { collect } from '../../streams/collect.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';
import { violationsOf, refusal, refusals } from '../../testing/refusals.js';
import { products } from './schema.js';

let shop: TestShop;
let client: TestShop['admin']['products'];

beforeAll(async () => {
  shop = await startTestShop();
  client = shop.admin.products;
});
afterAll(() => shop.close());

const pencil: CreateProductRequest = {
  name: 'Pencil',
  description: 'Writes',
  price: 1.5,
  stock: 3,
  category: ProductCategory.HOME,
  tags: ['desk'],
};
const everything = { page: 0, pageSize: 0, category: ProductCategory.UNSPECIFIED, all: true };
const anything = { query: '', category: ProductCategory.UNSPECIFIED, minPrice: 0, maxPrice: 0 };
const countProducts = () => shop.database.sql.$count(products);

/** One field each that a write has to refuse, named as the proto names it. */
const BAD_FIELDS: readonly [string, Partial<CreateProductRequest>][] = [
  ['name', { name: '' }],
  ['name', { name: '   ' }],
  ['name', { name: 'x'.repeat(1_000_000) }],
  ['name', { name: 'a\u0000b' }],
  ['description', { description: 'x'.repeat(2_001) }],
  ['price', { price: 0 }],
  ['price', { price: -1 }],
  ['price', { price: 0.001 }],
  ['price', { price: NaN }],
  ['price', { price: Infinity }],
  ['price', { price: 1e300 }],
  ['stock', { stock: -1 }],
  ['stock', { stock: 2_147_483_647 }],
  ['category', { category: ProductCategory.UNSPECIFIED }],
  ['category', { category: 99 as ProductCategory }],
  ['category', { category: -1 }],
  ['tags', { tags: Array.from({ length: 10_000 }, () => 'tag') }],
  ['tags[1]', { tags: ['good', ''] }],
];

test('a product is created, found, replaced, and taken out of the catalogue', async () => {
  const { product } = await client.createProduct(pencil);
  expect(product).toMatchObject({ ...pencil, createdAt: expect.any(Date) as Date });
  expect(await client.getProduct({ id: product!.id })).toEqual({ product });

  const { product: updated } = await client.updateProduct({ ...pencil, id: product!.id, price: 2, tags: [] });
  expect(updated).toMatchObject({ id: product!.id, price: 2, tags: [] });

  await client.deleteProduct({ id: product!.id });
  expect(await refusal(client.getProduct({ id: product!.id }))).toMatchObject({
    code: status.NOT_FOUND,
    reason: 'PRODUCT_NOT_FOUND',
  });
});

test('a price is rounded once, to the cent', async () => {
  const { product } = await client.createProduct({ ...pencil, price: 1.005 });

  expect(product!.price).toBe(1.01);
});

test('the list comes page by page, in the order of ids', async () => {
  const all = await collect(client.listProducts(everything));
  const page = (number: number, pageSize: number) =>
    collect(client.listProducts({ ...everything, all: false, page: number, pageSize }));

  expect(await page(0, 0)).toEqual(all.slice(0, 20));
  expect(await page(2, 7)).toEqual(all.slice(7, 14));
  expect(await page(1_000_000, 100)).toEqual([]);
});

test('the list keeps to a category', async () => {
  const books = await collect(client.listProducts({ ...everything, category: ProductCategory.BOOKS }));

  expect(books.length).toBeGreaterThan(0);
  expect(new Set(books.map(({ category }) => category))).toEqual(new Set([ProductCategory.BOOKS]));
});

test('a search looks into names and descriptions in any case, and keeps to its bounds', async () => {
  const names = async (search: object) =>
    (await collect(client.searchProducts({ ...anything, ...search }))).map(({ name }) => name);

  expect(await names({ query: 'LAPTOP' })).toEqual(['Laptop Pro 14', 'Laptop Air 13']);
  expect(await names({ query: 'laptop', maxPrice: 899.99 })).toEqual(['Laptop Air 13']);
  expect(await names({ query: 'laptop', minPrice: 900 })).toEqual(['Laptop Pro 14']);
  expect(await names({ query: '100% wool' })).toEqual(['Wool Socks']);
  expect(await names({ query: '%' })).toEqual(['Wool Socks']);
  expect(await names({ query: `' or '1'='1` })).toEqual([]);
});

test('an upload is answered with its products, their sum and count', async () => {
  const answer = await client.createProducts([pencil, { ...pencil, price: 0.1 }, { ...pencil, price: 0.2 }]);

  expect(answer).toMatchObject({ totalPrice: 1.8, count: 3 });
  expect(answer.products.map(({ price }) => price)).toEqual([1.5, 0.1, 0.2]);
});

test('an empty upload is one of no products', async () => {
  expect(await client.createProducts([])).toEqual({ products: [], totalPrice: 0, count: 0 });
});

test('an upload with one bad product leaves nothing behind', async () => {
  const before = await countProducts();

  expect(await violationsOf(client.createProducts([pencil, { ...pencil, price: -1 }, pencil]))).toEqual(['price']);

  expect(await countProducts()).toBe(before);
});

test('an upload that is cancelled leaves nothing behind', async () => {
  const before = await countProducts();
  const controller = new AbortController();
  async function* uploadThenCancel() {
    for (let sent = 0; sent < 5; sent++) yield pencil;
    await client.getProduct({ id: 1 }); // the server has read what was sent before
    controller.abort();
    await new Promise(() => undefined);
  }

  const error = await refusal(client.createProducts(uploadThenCancel(), { signal: controller.signal }));

  expect(error.code).toBe(status.CANCELLED);
  await client.getProduct({ id: 1 });
  expect(await countProducts()).toBe(before);
});

test('an upload longer than the shop takes is refused as a whole', async () => {
  const before = await countProducts();

  const error = await refusal(client.createProducts(Array.from({ length: 1_001 }, () => pencil)));

  expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'UPLOAD_TOO_LARGE' });
  expect(await countProducts()).toBe(before);
});

test('a chat answers each question, with its id', async () => {
  const questions = ['#1', 'wool', 'nonsense', '#999999'].map((message, id) => ({ id, message, timestamp: 0 }));

  const answers = await collect(client.chatWithProducts(questions));

  expect(answers.map(({ id }) => id)).toEqual([0, 1, 2, 3]);
  expect(answers.map(({ message }) => message)).toEqual([
    'Product information: Laptop Pro 14, $1,299.00, 25 in stock',
    'Product information: Merino Sweater, $74.90, 55 in stock; Wool Socks, $16.50, 250 in stock',
    'Product information: nothing found for nonsense',
    'Product information: nothing found for #999999',
  ]);
});

test.each(BAD_FIELDS)('createProduct refuses a bad %s (%#)', async (field, bad) => {
  const before = await countProducts();

  expect(await violationsOf(client.createProduct({ ...pencil, ...bad }))).toEqual([field]);

  expect(await countProducts()).toBe(before);
});

test.each(BAD_FIELDS)('updateProduct refuses a bad %s (%#)', async (field, bad) => {
  const { product: before } = await client.getProduct({ id: 1 });

  expect(await violationsOf(client.updateProduct({ ...pencil, id: 1, ...bad }))).toEqual([field]);

  expect(await client.getProduct({ id: 1 })).toEqual({ product: before });
});

test('all that is wrong is named at once', async () => {
  const error = await refusal(client.createProduct({ ...pencil, name: '', price: -1, stock: -5 }));

  expect(error).toBeInstanceOf(ValidationError);
  expect((error as ValidationError).violations).toEqual([
    { field: 'name', description: 'must not be empty' },
    { field: 'price', description: 'must be an amount from 0.01 to 1,000,000' },
    { field: 'stock', description: 'must be a whole number from 0 to 1,000,000' },
  ]);
});

test.each([0, -1, -2_147_483_648])('id %d is no id', async (id) => {
  expect(await violationsOf(client.getProduct({ id }))).toEqual(['id']);
  expect(await violationsOf(client.deleteProduct({ id }))).toEqual(['id']);
  expect(await violationsOf(client.updateProduct({ ...pencil, id }))).toEqual(['id']);
});

test('an id that names nothing is not found, and the error can be read by a program', async () => {
  const id = 2_147_483_647;
  for (const error of await refusals([
    client.getProduct({ id }),
    client.deleteProduct({ id }),
    client.updateProduct({ ...pencil, id }),
  ])) {
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ code: status.NOT_FOUND, reason: 'PRODUCT_NOT_FOUND' });
  }
});

test.each([
  [['page'], { page: -1 }],
  [['page_size'], { pageSize: -1 }],
  [['page_size'], { pageSize: 101 }],
  [['page', 'page_size', 'category'], { page: -5, pageSize: 2_147_483_647, category: 77 }],
])('listProducts refuses a bad %j', async (fields, bad) => {
  expect(await violationsOf(collect(client.listProducts({ ...everything, all: false, ...bad })))).toEqual(fields);
});

test.each([
  [['query'], { query: 'x'.repeat(1_000_000) }],
  [['query'], { query: '\u0000' }],
  [['category'], { category: 6 }],
  [['min_price'], { minPrice: -0.01 }],
  [['min_price', 'max_price'], { minPrice: NaN, maxPrice: Infinity }],
  [['max_price'], { minPrice: 2, maxPrice: 1 }],
])('searchProducts refuses a bad %j (%#)', async (fields, bad) => {
  expect(await violationsOf(collect(client.searchProducts({ ...anything, ...bad })))).toEqual(fields);
});

test('chatWithProducts refuses an empty message', async () => {
  const question = { id: 1, message: '', timestamp: 0 };

  expect(await violationsOf(collect(client.chatWithProducts([question])))).toEqual(['message']);
});
