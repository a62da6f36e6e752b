import { sql as raw } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { OrderStatus } from '../gen/ecommerce/order.js';
import { buy, cancel, pay, PRICE, refund, stockUp } from '../storm/trade.js';
import { startTestShop, type TestShop } from '../testing/test-shop.js';
import { checkBooks, isBalanced, renderBooks } from './books.js';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
  const productId = await stockUp(shop.admin, 10);
  const order = () => buy(shop.ada, 1, productId);
  await order(); // stays unpaid: number 1
  await pay(shop.ada, await order()); // 2, paid
  await refund(shop.admin, await pay(shop.ada, await order()), PRICE / 4); // 3, in part refunded
  await refund(shop.admin, await pay(shop.ada, await order()), PRICE); // 4, refunded
  await cancel(shop.admin, await order()); // 5, cancelled
  const paid = await order(); // 6, cancelled after it was paid
  await pay(shop.ada, paid);
  await cancel(shop.ada, paid);
  await shop.admin.products.updateProduct({
    ...{
      id: productId,
      name: 'Storm Lantern',
      description: 'Burns on',
      price: PRICE,
      stock: 12,
      category: 4,
      tags: [],
    },
  });
}, 60_000);
afterAll(() => shop.close());

test('the books of a shop that was used balance', async () => {
  const findings = await checkBooks(shop.database.sql);

  expect(renderBooks(findings)).not.toContain('✗');
  expect(isBalanced(findings)).toBe(true);
});

const UNDO = 'rollback';

test.each([
  [
    'a piece vanished from the shelf',
    `update products.products set stock = stock - 1 where name = 'Storm Lantern'`,
    'in stock; the ledger has',
  ],
  [
    'a piece appeared on the shelf',
    `update products.products set stock = stock + 1 where name = 'Storm Lantern'`,
    'in stock; the ledger has',
  ],
  [
    'a movement is missing',
    `delete from ledger.entries where kind = 'reserve' and order_id = 1`,
    'Order 1 contains 1 of product',
  ],
  ['CONFIRMED without a payment', `update orders.orders set status = 2 where id = 1`, 'Order 1 is CONFIRMED'],
  ['REFUNDED without a refund', `update orders.orders set status = 6 where id = 2`, 'Order 2 is REFUNDED'],
  ['cancelled, and the money kept', `update orders.orders set status = 5 where id = 2`, 'Order 2 is CANCELLED'],
  ['paid, and not confirmed', `update orders.orders set status = 1 where id = 2`, 'Order 2 is PENDING'],
  [
    'charged twice',
    `insert into ledger.entries (kind, key, from_account, to_account, amount, order_id, payment_id)
     select kind, 'again', from_account, to_account, amount, order_id, payment_id from ledger.entries
     where kind = 'charge' and order_id = 2`,
    'Order 2 was charged 2 times',
  ],
  ['a charge is missing', `delete from ledger.entries where kind = 'charge' and order_id = 3`, 'Payment 2'],
  ['a refund is not in the ledger', `delete from ledger.entries where kind = 'refund' and order_id = 3`, 'Refund 2:'],
  [
    'a refund is a cent off',
    `update payments.refunds set amount_cents = amount_cents + 1 where payment_id = 2`,
    'Refund 2:',
  ],
  ['a payment says COMPLETED that failed', `update payments.payments set status = 4 where id = 1`, 'Payment 1'],
  [
    'an order costs a cent more',
    `update orders.orders set total_cents = total_cents + 1 where id = 1`,
    'Order 1 costs',
  ],
  [
    'pieces were not given back',
    `delete from ledger.entries where kind = 'give back' and order_id = 5`,
    'Order 5 is CANCELLED',
  ],
  [
    'the customer was told something else',
    `delete from orders.order_updates where order_id = 2 and status = 2`,
    'Order 2 has the status 2; its last update said 1',
  ],
])('a planted fault is found: %s', async (_, fault, problem) => {
  const planted = shop.database.sql.transaction(async (transaction) => {
    await transaction.execute(raw.raw(fault));
    const text = renderBooks(await checkBooks(transaction));
    throw new Error(`${UNDO}\n${text}`);
  });

  const text = await planted.then(String, (error: Error) => error.message);
  expect(text).toContain('✗');
  expect(text).toContain(problem);
});

test('an order that is not paid in time is cancelled, and gives its pieces back; a paid one is let be', async () => {
  const quick = await startTestShop(undefined, undefined, 400);
  const productId = await stockUp(quick.admin, 5);
  const [unpaid, paid] = [await buy(quick.ada, 1, productId), await buy(quick.ada, 1, productId)];
  await pay(quick.ada, paid).catch(() => undefined); // on a slow machine it may have expired already

  const statusOf = async (id: number) => (await quick.ada.orders.getOrder({ id })).order!.status;
  await vi.waitFor(async () => expect(await statusOf(unpaid.id)).toBe(OrderStatus.CANCELLED), 20_000);

  expect(isBalanced(await checkBooks(quick.database.sql))).toBe(true);
  await quick.close();
}, 60_000);
