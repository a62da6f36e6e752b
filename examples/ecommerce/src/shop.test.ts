import { Metadata, status } from '@grpc/grpc-js';
import { sql as raw } from 'drizzle-orm';
import { findDetail, type StatusError } from 'grpc-js-middleware';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PaymentMethod } from './gen/ecommerce/payment.js';
import { ProductCategory } from './gen/ecommerce/product.js';
import { idempotencyKeys } from './idempotency/schema.js';
import { orders } from './services/orders/schema.js';
import { refunds } from './services/payments/schema.js';
import { audit, readBooks } from './storm/books.js';
import { rush } from './storm/rush.js';
import { collect } from './streams/collect.js';
import { refusal, refusals } from './testing/refusals.js';
import { startTestShop, type TestShop } from './testing/test-shop.js';

// What has to hold for the shop as a whole, whatever customers do at the same time.

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

const shippingAddress = { street: '1 Main St', city: 'Springfield', state: '', zipCode: '12345', country: 'US' };

function orderOf(productId: number, quantity = 1, userId = 1) {
  const item = { productId, quantity, productName: '', unitPrice: 0, totalPrice: 0 };
  return { userId, items: [item], shippingAddress };
}

async function newProduct(stock: number): Promise<number> {
  const fields = { name: 'Lamp', description: 'Green', price: 10, stock, category: ProductCategory.HOME, tags: [] };
  const { product } = await shop.admin.products.createProduct(fields);
  return product!.id;
}

function keyed(key: string): { metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set('idempotency-key', key);
  return { metadata };
}

function bearing(token: string): { metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return { metadata };
}

const NO_CARD = { cardNumber: '', expiryDate: '', cvv: '', method: PaymentMethod.PAYPAL };

test('a hundred buyers of fifty pieces: fifty orders, none left, and the others know why', async () => {
  const productId = await newProduct(50);
  const before = await shop.database.sql.$count(orders);
  const buyers = [shop.ada, shop.grace, shop.admin].map((person, index) =>
    rush(person, 33 + (index % 2), index + 1, productId),
  );

  const rushes = await Promise.all(buyers);

  expect(new Set(rushes.flatMap(({ orderIds }) => orderIds)).size).toBe(50);
  expect(rushes.reduce((sum, { tooLate }) => sum + tooLate, 0)).toBe(50);
  expect(await shop.database.sql.$count(orders)).toBe(before + 50);
  const { product } = await shop.stranger.products.getProduct({ id: productId });
  expect(product!.stock).toBe(0);
}, 60_000);

test('an order that comes again under its key is the same order', async () => {
  const productId = await newProduct(5);

  const answers = await Promise.all(
    Array.from({ length: 5 }, () => shop.ada.orders.createOrder(orderOf(productId), keyed('same-order'))),
  );
  const later = await shop.ada.orders.createOrder(orderOf(productId), keyed('same-order'));

  expect(new Set([...answers, later].map(({ order }) => order!.id)).size).toBe(1);
  expect((await shop.stranger.products.getProduct({ id: productId })).product!.stock).toBe(4);
});

test('a payment that comes again under its key charges once; the key is its user’s own', async () => {
  const { order } = await shop.ada.orders.createOrder(orderOf(await newProduct(5)));
  const bill = { orderId: order!.id, amount: 10, ...NO_CARD };

  const [first, second] = await Promise.all(
    [1, 2].map(() => shop.ada.payments.processPayment(bill, keyed('one-bill'))),
  );

  expect(second).toEqual(first);
  const another = await refusal(shop.grace.payments.processPayment(bill, keyed('one-bill')));
  expect(another).toMatchObject({ code: status.NOT_FOUND });
});

test('what was done by a process that died before it could say so is not done again', async () => {
  const productId = await newProduct(5);
  const forget = () => shop.database.sql.delete(idempotencyKeys); // as after SIGKILL and the end of the lease
  const ask = () => shop.ada.orders.createOrder(orderOf(productId), keyed('asked-twice'));
  const { order } = await ask();
  await forget();

  expect(await ask()).toEqual({ order });
  expect((await shop.stranger.products.getProduct({ id: productId })).product!.stock).toBe(4);

  const { payment } = await shop.ada.payments.processPayment({ orderId: order!.id, amount: 10, ...NO_CARD });
  const refund = { paymentId: payment!.id, amount: 4, reason: 'Too green' };
  const before = await shop.database.sql.$count(refunds);
  const first = await shop.admin.payments.refundPayment(refund, keyed('refunded-twice'));
  await forget();

  expect(await shop.admin.payments.refundPayment(refund, keyed('refunded-twice'))).toEqual(first);
  expect(await shop.database.sql.$count(refunds)).toBe(before + 1);
});

test('the books agree: what was bought is sold or left, what was paid is kept or given back', async () => {
  const productId = await newProduct(40);
  for (let made = 0; made < 10; made++) {
    const { order } = await shop.ada.orders.createOrder(orderOf(productId, 2));
    const bill = { orderId: order!.id, amount: 20, ...NO_CARD };
    if (made % 3 === 0) continue;
    const { payment } = await shop.ada.payments.processPayment(bill);
    const refund = { paymentId: payment!.id, amount: made % 3 === 1 ? 20 : 5, reason: 'Too green' };
    if (made % 2 === 0) await shop.admin.payments.refundPayment(refund);
  }

  await vi.waitFor(async () => {
    const books = await readBooks(shop.admin, productId, 40);
    expect([books.orders.length, books.refunds > 0, books.revenue > 0]).toEqual([10, true, true]);
    expect(Object.values(audit(books))).not.toContain(false);
  }, 10_000);
});

test.runIf(process.env['DATABASE_URL'])('an order whose connection breaks is tried again, and made once', async () => {
  const productId = await newProduct(5);
  const { sql } = shop.database;
  const { ordering } = await sql.transaction(async (transaction) => {
    await transaction.execute(raw`select from products.products where id = ${productId} for update`);
    const ordering = shop.ada.orders.createOrder(orderOf(productId));
    const cutThoseWhoWait = raw`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
    await vi.waitFor(async () => expect(await sql.execute(cutThoseWhoWait)).toMatchObject({ rowCount: 1 }));
    return { ordering };
  });

  expect((await ordering).order!.items).toHaveLength(1);
  expect((await shop.stranger.products.getProduct({ id: productId })).product!.stock).toBe(4);
});

test('a flood is refused, with the time to come back, and others are served again at once', async () => {
  const token = await shop.issuer.token({ userId: 1, role: 'customer' });
  const { users } = shop.stranger; // who does not try again by itself
  const flood = Array.from({ length: 1_500 }, () => users.getUser({ id: 1 }, { ...bearing(token), timeoutMs: 60_000 }));
  const outcomes = await Promise.allSettled(flood);

  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as StatusError] : []));
  expect(refused.length).toBeGreaterThan(0);
  const codes = new Set(refused.map(({ code }) => code));
  expect([status.RESOURCE_EXHAUSTED, status.UNAVAILABLE]).toEqual(expect.arrayContaining([...codes]));
  for (const error of refused) expect(findDetail(error, 'retryInfo')!.retryDelayMs).toBeGreaterThan(0);
  await expect(shop.grace.users.getUser({ id: 2 })).resolves.toBeDefined();
}, 60_000);

test('what nobody foresaw tells the client nothing', async () => {
  await shop.database.sql.execute(raw`alter table chat.messages rename column message to said`);
  const history = { roomId: 'x', page: 0, pageSize: 0 };

  const error = await refusal(collect(shop.ada.chat.getRoomHistory(history)));
  await shop.database.sql.execute(raw`alter table chat.messages rename column said to message`);

  expect(error).toMatchObject({ code: status.INTERNAL, details: 'Internal error' });
});

test('bad tokens open nothing', async () => {
  const good = await shop.issuer.token({ userId: 3, role: 'admin' });
  const expired = await shop.issuer.token({ userId: 3, role: 'admin' }, -60_000);
  const tokens = ['', 'x', `${good.slice(0, -4)}AAAA`, expired, good.split('.').slice(0, 2).join('.')];

  for (const error of await refusals(tokens.map((token) => shop.stranger.users.getUser({ id: 3 }, bearing(token))))) {
    expect(error).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(error.details).not.toContain('ey');
  }
});
