import { afterAll, beforeAll, expect, test } from 'vitest';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import { collect } from '../../streams/collect.js';
import { buy, pay, PRICE, stockUp } from '../../storm/trade.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';
import { until } from '../../../../../test/support/until.js';

const { PENDING, CONFIRMED, SHIPPED, DELIVERED } = OrderStatus;

const ORDERS = 5;
const WATCHERS_OF_EACH = 200;

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

test('a thousand watchers are told every change of their order, once and in order', async () => {
  const productId = await stockUp(shop.admin, ORDERS);
  const ids = await Promise.all(Array.from({ length: ORDERS }, async () => (await buy(shop.ada, 1, productId)).id));
  let open = 0;
  const watch = async (id: number, watcher: number) => {
    const person = watcher % 2 === 0 ? shop.ada : shop.admin; // a thousand calls at once are more than one may make
    const updates = person.orders.streamOrderUpdates({ id });
    const present = await updates.next();
    open++;
    return [present.value as { status: OrderStatus }, ...(await collect(updates))].map(({ status }) => status);
  };
  const watching = ids.flatMap((id) => Array.from({ length: WATCHERS_OF_EACH }, (_, watcher) => watch(id, watcher)));
  await until(() => open === ORDERS * WATCHERS_OF_EACH);

  for (const id of ids) await pay(shop.ada, { id, totalAmount: PRICE });
  for (const status of [SHIPPED, DELIVERED]) {
    for (const id of ids) await shop.admin.orders.updateOrderStatus({ id, status });
  }

  const told = new Set((await Promise.all(watching)).map(String));
  expect([...told]).toEqual([String([PENDING, CONFIRMED, SHIPPED, DELIVERED])]);
}, 120_000);
