import { Metadata, status } from '@grpc/grpc-js';
import { sql as raw } from 'drizzle-orm';
import { findDetail, type StatusError } from 'grpc-js-middleware';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OrderStatus } from './gen/ecommerce/order.js';
import { PaymentMethod } from './gen/ecommerce/payment.js';
import { ProductCategory } from './gen/ecommerce/product.js';
import { idempotencyKeys } from './idempotency/schema.js';
import { orderItems, orders } from './services/orders/schema.js';
import { payments, refunds } from './services/payments/schema.js';
import { products } from './services/products/schema.js';
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

const NO_CARD = { cardNumber: '', expiryDate: '', cvv: '', method: PaymentMethod.PAYPAL };

test('a hundred buyers of fifty pieces: fifty orders, none left, and the others know why', async () => {
  const productId = await newProduct(50);
  const before = await shop.database.sql.$count(orders);
  const buyers = [shop.ada, shop.grace, shop.admin];

  const outcomes = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) => {
      const userId = (index % 3) + 1;
      return buyers[userId - 1]!.orders.createOrder(orderOf(productId, 1, userId), { timeoutMs: 60_000 });
    }),
  );

  const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value.order!.id : []));
  expect(new Set(made).size).toBe(50);
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? (outcome.reason as { reason: string }).reason : [],
  );
  expect(new Set(reasons)).toEqual(new Set(['INSUFFICIENT_STOCK']));
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
  expect(another).toMatchObject({ code: status.PERMISSION_DENIED });
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

  const { sql } = shop.database;
  const [shelf] = await sql
    .select({ stock: products.stock })
    .from(products)
    .where(raw`${products.id} = ${productId}`);
  const [sold] = await sql
    .select({ pieces: raw<string>`sum(${orderItems.quantity})` })
    .from(orderItems)
    .innerJoin(orders, raw`${orders.id} = ${orderItems.orderId}`)
    .where(
      raw`${orderItems.productId} = ${productId} and ${orders.status} not in (${OrderStatus.CANCELLED}, ${OrderStatus.REFUNDED})`,
    );
  expect(shelf!.stock + Number(sold!.pieces)).toBe(40);

  const cents = async (query: string) =>
    Number(((await sql.execute(query)) as { rows: { cents: string }[] }).rows[0]!.cents);
  const paid = await cents('select coalesce(sum(amount_cents), 0) cents from payments.payments where status in (3, 5)');
  const back = await cents('select coalesce(sum(amount_cents), 0) cents from payments.refunds');
  const { metrics } = await shop.admin.analytics.getMetrics({ names: ['revenue'], from: undefined, to: undefined });
  expect(metrics[0]!.value).toBe((paid - back) / 100);
  expect(await sql.$count(payments)).toBeGreaterThan(0);
  expect(await sql.$count(refunds)).toBeGreaterThan(0);
});

test('a flood is refused, with the time to come back, and others are served again at once', async () => {
  const calls = Array.from({ length: 1_500 }, () =>
    shop.stranger.products.getProduct({ id: 1 }, { timeoutMs: 60_000 }),
  );
  const outcomes = await Promise.allSettled(calls);

  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as StatusError] : []));
  expect(refused.length).toBeGreaterThan(0);
  const codes = new Set(refused.map(({ code }) => code));
  expect([status.RESOURCE_EXHAUSTED, status.UNAVAILABLE]).toEqual(expect.arrayContaining([...codes]));
  expect(findDetail(refused[0], 'retryInfo')!.retryDelayMs).toBeGreaterThan(0);
  await expect(shop.ada.products.getProduct({ id: 1 })).resolves.toBeDefined();
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
  const metadataOf = (token: string) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    return { metadata };
  };

  for (const error of await refusals(
    tokens.map((token) => shop.stranger.users.getUser({ id: 3 }, metadataOf(token))),
  )) {
    expect(error).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(error.details).not.toContain('ey');
  }
});
