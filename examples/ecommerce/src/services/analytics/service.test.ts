import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PaymentMethod } from '../../gen/ecommerce/payment.js';
import { collect } from '../../streams/collect.js';
import { refusals, violationsOf } from '../../testing/refusals.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';
import { events } from './schema.js';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

const shippingAddress = { street: '1 Main St', city: 'Springfield', state: '', zipCode: '12345', country: 'US' };
const visit = { name: 'product_view', userId: 0, productId: 1, properties: { page: 'home' } };

async function buySocks(quantity: number) {
  const items = [{ productId: 10, quantity, productName: '', unitPrice: 0, totalPrice: 0 }];
  const { order } = await shop.ada.orders.createOrder({ userId: 1, items, shippingAddress });
  const bill = { orderId: order!.id, amount: order!.totalAmount, method: PaymentMethod.PAYPAL };
  const { payment } = await shop.ada.payments.processPayment({ ...bill, cardNumber: '', expiryDate: '', cvv: '' });
  return payment!;
}

async function metrics(...names: string[]): Promise<Record<string, number>> {
  const answer = await shop.admin.analytics.getMetrics({ names, from: undefined, to: undefined });
  return Object.fromEntries(answer.metrics.map(({ name, value }) => [name, value]));
}

test('an empty shop has sold nothing, and says so', async () => {
  expect(await metrics()).toEqual({ revenue: 0, orders: 0, payments: 0, refunds: 0, events: 0, conversion: 0 });
});

test('what is counted is what was ordered, paid and refunded', async () => {
  await shop.grace.analytics.trackEvent({ ...visit, userId: 2 });
  const payment = await buySocks(4); // $66.00
  await buySocks(2); // $33.00
  await shop.admin.payments.refundPayment({ paymentId: payment.id, amount: 0.5, reason: 'A hole' });

  expect(await metrics()).toEqual({ revenue: 98.5, orders: 2, payments: 99, refunds: 0.5, events: 1, conversion: 50 });
  expect(await metrics('orders')).toEqual({ orders: 2 });
});

test('a period counts what happened within', async () => {
  const period = { from: new Date('2000-01-01'), to: new Date('2000-01-02') };

  const answer = await shop.admin.analytics.getMetrics({ names: ['revenue', 'events'], ...period });

  expect(answer.metrics.map(({ name, value, unit }) => [name, value, unit])).toEqual([
    ['revenue', 0, 'USD'],
    ['events', 0, '1'],
  ]);
});

test('the dashboard knows what sold best; what was refunded was not sold', async () => {
  const { id, amount } = await buySocks(50);
  await shop.admin.payments.refundPayment({ paymentId: id, amount, reason: 'Too many' });

  const dashboard = await shop.admin.analytics.getDashboard({ days: 1, topProducts: 1 });

  expect(dashboard).toMatchObject({ revenue: 98.5, orders: 3, averageOrderValue: 49.25, conversion: 50 });
  expect(dashboard.topProducts).toEqual([{ productId: 10, productName: 'Wool Socks', quantity: 6, revenue: 99 }]);
});

test('metrics are pushed again and again, as often as was asked', async () => {
  const stream = shop.admin.analytics.streamMetrics({ names: ['events'], intervalMs: 100 });
  const first = (await stream.next()).value as { value: number };
  await shop.stranger.analytics.trackEvent(visit);

  let latest = first;
  while (latest.value === first.value) latest = (await stream.next()).value as { value: number };

  expect(latest.value).toBe(first.value + 1);
  await stream.return?.();
});

test('anybody may leave a trace, only staff may count', async () => {
  const { eventId, recordedAt } = await shop.stranger.analytics.trackEvent(visit);
  expect(eventId).toBeGreaterThan(0);
  expect(recordedAt).toBeInstanceOf(Date);

  const { analytics } = shop.ada;
  const attempts = [
    analytics.getMetrics({ names: [], from: undefined, to: undefined }),
    analytics.getDashboard({ days: 0, topProducts: 0 }),
    collect(analytics.streamMetrics({ names: [], intervalMs: 0 })),
  ];
  for (const error of await refusals(attempts)) expect(error).toMatchObject({ code: status.PERMISSION_DENIED });
});

test('bad input is refused, every field at once', async () => {
  const { analytics } = shop.admin;
  const before = await shop.database.sql.$count(events);
  const event = { name: '', userId: -1, productId: -1, properties: { 'a\u0000': 'x'.repeat(1_000_000) } };
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key ${i}`, '']));

  expect(await violationsOf(analytics.trackEvent(event))).toEqual([
    'name',
    'user_id',
    'product_id',
    'properties',
    'properties["a\u0000"]',
  ]);
  expect(await violationsOf(analytics.trackEvent({ ...visit, properties: many }))).toEqual(['properties']);
  const names = ['orders', 'gold'];
  const period = { from: new Date('2026-01-02'), to: new Date('2026-01-01') };
  expect(await violationsOf(analytics.getMetrics({ names, ...period }))).toEqual(['names[1]', 'to']);
  expect(await violationsOf(collect(analytics.streamMetrics({ names, intervalMs: 1 })))).toEqual([
    'names[1]',
    'interval_ms',
  ]);
  expect(await violationsOf(analytics.getDashboard({ days: -1, topProducts: 51 }))).toEqual(['days', 'top_products']);
  expect(await shop.database.sql.$count(events)).toBe(before);
});
