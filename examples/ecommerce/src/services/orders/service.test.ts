import { Metadata, status } from '@grpc/grpc-js';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { OrderStatus, type CreateOrderRequest, type OrderItem } from '../../gen/ecommerce/order.js';
import { PaymentStatus, type Payment } from '../../gen/ecommerce/payment.js';
import { ProductCategory } from '../../gen/ecommerce/product.js';
import { UserStatus } from '../../gen/user/user.js';
import { idempotencyKeys } from '../../idempotency/schema.js';
import { pay, refund } from '../../storm/trade.js';
import { collect } from '../../streams/collect.js';
import { refusal, refusals, violationsOf } from '../../testing/refusals.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';
import { payments } from '../payments/schema.js';
import { products } from '../products/schema.js';
import { users } from '../users/schema.js';
import { orderItems, orders, orderUpdates } from './schema.js';

const { PENDING, CONFIRMED, SHIPPED, DELIVERED, CANCELLED, REFUNDED } = OrderStatus;

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());
afterEach(() => shop.database.sql.update(users).set({ status: UserStatus.ACTIVE }));

const shippingAddress = { street: '1 Main St', city: 'Springfield', state: '', zipCode: '12345', country: 'US' };

function item(productId: number, quantity = 1): OrderItem {
  return { productId, quantity, productName: '', unitPrice: 0, totalPrice: 0 };
}

function order(...items: OrderItem[]): CreateOrderRequest {
  return { userId: 1, items, shippingAddress };
}

async function newProduct(stock: number): Promise<number> {
  const fields = { name: 'Vase', description: 'Blue', price: 12.5, stock, category: ProductCategory.HOME, tags: [] };
  const { product } = await shop.admin.products.createProduct(fields);
  return product!.id;
}

async function stockOf(id: number): Promise<number> {
  const { product } = await shop.stranger.products.getProduct({ id });
  return product!.stock;
}

async function newOrder(...items: OrderItem[]): Promise<number> {
  const { order: created } = await shop.ada.orders.createOrder(order(...items));
  return created!.id;
}

const move = (id: number, to: OrderStatus) => shop.admin.orders.updateOrderStatus({ id, status: to });

async function payFor(id: number): Promise<Payment> {
  const { order: due } = await shop.ada.orders.getOrder({ id });
  return pay(shop.ada, due!);
}

/** Brings an order to a status as people do. */
async function bring(id: number, to: OrderStatus): Promise<void> {
  if (to === CONFIRMED) await payFor(id);
  else if (to === REFUNDED) await refundAll(id);
  else await move(id, to);
}

async function refundAll(orderId: number): Promise<void> {
  const [payment] = await shop.database.sql.select().from(payments).where(eq(payments.orderId, orderId));
  await refund(shop.admin, payment!, payment!.amountCents / 100);
}

/** Everything that an order writes. */
async function books(): Promise<number[]> {
  const { sql } = shop.database;
  return Promise.all([sql.$count(orders), sql.$count(orderItems), sql.$count(orderUpdates)]);
}

test('names and prices come from the catalogue, whatever the request says; the stock is reserved', async () => {
  const id = await newProduct(5);
  const cheeky = { ...item(id, 3), productName: 'Gold', unitPrice: 0.01, totalPrice: 0.01 };

  const { order: created } = await shop.ada.orders.createOrder(order(cheeky, item(1)));

  expect(created).toMatchObject({ userId: 1, status: PENDING, totalAmount: 1_336.5, shippingAddress });
  expect(created!.items).toEqual([
    { productId: id, productName: 'Vase', quantity: 3, unitPrice: 12.5, totalPrice: 37.5 },
    { productId: 1, productName: 'Laptop Pro 14', quantity: 1, unitPrice: 1_299, totalPrice: 1_299 },
  ]);
  expect(await stockOf(id)).toBe(2);
  expect(await shop.ada.orders.getOrder({ id: created!.id })).toEqual({ order: created });
});

test('of two buyers of the last piece exactly one gets it', async () => {
  const id = await newProduct(1);
  const attempts = Array.from({ length: 8 }, () => shop.ada.orders.createOrder(order(item(id))));

  const outcomes = await Promise.allSettled(attempts);

  const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as object);
  expect(refused).toHaveLength(7);
  for (const error of refused) expect(error).toMatchObject({ code: 9, reason: 'INSUFFICIENT_STOCK' });
  expect(await stockOf(id)).toBe(0);
});

test('orders that want the same products the other way round do not block each other', async () => {
  const [a, b] = [await newProduct(20), await newProduct(20)];
  const attempts = Array.from({ length: 20 }, (_, i) => (i % 2 ? order(item(a), item(b)) : order(item(b), item(a))));

  await Promise.all(attempts.map((attempt) => shop.ada.orders.createOrder(attempt)));

  expect([await stockOf(a), await stockOf(b)]).toEqual([0, 0]);
});

test('an order that cannot be filled as a whole changes nothing', async () => {
  const [plenty, scarce] = [await newProduct(10), await newProduct(1)];
  const before = await books();

  const error = await refusal(shop.ada.orders.createOrder(order(item(plenty, 2), item(scarce, 2))));

  expect(error).toMatchObject({ reason: 'INSUFFICIENT_STOCK', code: status.FAILED_PRECONDITION });
  expect([await stockOf(plenty), await stockOf(scarce)]).toEqual([10, 1]);
  expect(await books()).toEqual(before);
});

test('products and users that do not exist are named', async () => {
  const [noProduct, noUser] = await refusals([
    shop.ada.orders.createOrder(order(item(1), item(4711))),
    shop.admin.orders.createOrder({ ...order(item(1)), userId: 4711 }),
  ]);

  expect(noProduct).toMatchObject({ code: status.NOT_FOUND, reason: 'PRODUCT_NOT_FOUND' });
  expect(noUser).toMatchObject({ code: status.NOT_FOUND, reason: 'USER_NOT_FOUND' });
});

test('a suspended user may read, but not order', async () => {
  const id = await newOrder(item(1));
  await shop.database.sql.update(users).set({ status: UserStatus.SUSPENDED }).where(eq(users.id, 1));

  expect(await refusal(shop.ada.orders.createOrder(order(item(1))))).toMatchObject({ reason: 'USER_SUSPENDED' });
  expect((await shop.ada.orders.getOrder({ id })).order!.id).toBe(id);
});

test('customers see their own orders only: of another’s they learn nothing', async () => {
  const id = await newOrder(item(1));
  const missing = 2_147_483_647;
  const grace = shop.grace.orders;
  const attempts = (of: number) => [
    grace.getOrder({ id: of }),
    collect(grace.streamOrderUpdates({ id: of })),
    grace.updateOrderStatus({ id: of, status: CANCELLED }),
    grace.updateOrderStatus({ id: of, status: SHIPPED }),
  ];

  const foreign = await refusals(attempts(id));
  const unknown = await refusals(attempts(missing));

  const text = (error: unknown) => String(error).replace(/Order \d+/, 'Order N');
  expect(foreign.map(text)).toEqual(unknown.map(text));
  for (const error of foreign) expect(error).toMatchObject({ code: status.NOT_FOUND, reason: 'ORDER_NOT_FOUND' });
});

test('a request that names another user is denied, and so is every move but a cancellation', async () => {
  const id = await newOrder(item(1));
  const list = { userId: 1, status: OrderStatus.UNSPECIFIED, page: 0, pageSize: 0 };
  const attempts = [
    collect(shop.grace.orders.listOrders(list)),
    collect(shop.grace.orders.listOrders({ ...list, userId: 0 })),
    shop.grace.orders.createOrder(order(item(1))),
    ...[CONFIRMED, SHIPPED, DELIVERED, REFUNDED].map((to) => shop.ada.orders.updateOrderStatus({ id, status: to })),
  ];

  for (const error of await refusals(attempts)) expect(error).toMatchObject({ code: status.PERMISSION_DENIED });
  expect(await refusal(shop.stranger.orders.getOrder({ id }))).toMatchObject({ code: status.UNAUTHENTICATED });
});

test('customers cancel their own orders until they ship, and get their money back', async () => {
  const product = await newProduct(5);
  const [unpaid, paid, shipped] = [
    await newOrder(item(product)),
    await newOrder(item(product)),
    await newOrder(item(product)),
  ];
  await payFor(paid);
  await payFor(shipped);
  await move(shipped, SHIPPED);
  const cancel = (id: number) => shop.ada.orders.updateOrderStatus({ id, status: CANCELLED });

  expect((await cancel(unpaid)).order!.status).toBe(CANCELLED);
  expect((await cancel(paid)).order!.status).toBe(CANCELLED);
  expect(await refusal(cancel(shipped))).toMatchObject({ reason: 'ILLEGAL_STATUS_TRANSITION' });

  expect(await stockOf(product)).toBe(4);
  const [payment] = await collect(shop.ada.payments.getPaymentHistory({ userId: 1, page: 2, pageSize: 1 }));
  expect(payment).toMatchObject({ orderId: paid, status: PaymentStatus.REFUNDED, refundedAmount: 12.5 });
});

test('an order that could never be paid is not made, and the dearest that can be is', async () => {
  const fields = { name: 'Yacht', description: 'White', price: 500_000, category: ProductCategory.SPORTS, tags: [] };
  const { product } = await shop.admin.products.createProduct({ ...fields, stock: 10 });
  const { id } = product!;

  const error = await refusal(shop.ada.orders.createOrder(order(item(id, 2), item(3))));
  expect(error).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'ORDER_TOO_LARGE' });
  expect(await stockOf(id)).toBe(10);

  const dearest = await newOrder(item(id, 2));
  expect(await payFor(dearest)).toMatchObject({ amount: 1_000_000, status: PaymentStatus.COMPLETED });
});

test('a move that comes again after its process died is answered, and not made twice', async () => {
  const id = await newOrder(item(4));
  const metadata = new Metadata();
  metadata.set('idempotency-key', 'cancel-it');
  const cancel = () => shop.admin.orders.updateOrderStatus({ id, status: CANCELLED }, { metadata });

  await cancel();
  await shop.database.sql.delete(idempotencyKeys); // the process died before it noted its answer

  expect((await cancel()).order!.status).toBe(CANCELLED);
  expect(await shop.database.sql.$count(orderUpdates, eq(orderUpdates.orderId, id))).toBe(2);
  metadata.set('idempotency-key', 'once-more');
  expect(await refusal(cancel())).toMatchObject({ reason: 'ILLEGAL_STATUS_TRANSITION' });
});

test('the list has the newest first, page by page, by user and status', async () => {
  const [first, second, third] = [await newOrder(item(2)), await newOrder(item(2)), await newOrder(item(2))];
  await move(second, CANCELLED);
  const list = async (status: OrderStatus, page: number, pageSize: number) =>
    (await collect(shop.ada.orders.listOrders({ userId: 1, status, page, pageSize }))).map(({ id }) => id);

  expect(await list(OrderStatus.UNSPECIFIED, 1, 2)).toEqual([third, second]);
  expect((await list(OrderStatus.UNSPECIFIED, 2, 2))[0]).toBe(first);
  expect((await list(PENDING, 0, 0)).slice(0, 2)).toEqual([third, first]);
});

/** What an administrator may set; CONFIRMED and REFUNDED follow from money. */
const LEGAL = new Set(
  [
    [PENDING, CANCELLED],
    [CONFIRMED, SHIPPED],
    [CONFIRMED, CANCELLED],
    [SHIPPED, DELIVERED],
  ].map(String),
);
/** How an order gets to each status. */
const WAYS = [
  [],
  [CONFIRMED],
  [CONFIRMED, SHIPPED],
  [CONFIRMED, SHIPPED, DELIVERED],
  [CANCELLED],
  [CONFIRMED, REFUNDED],
];

test.each(WAYS.map((way) => [OrderStatus[way.at(-1) ?? PENDING], way] as const))(
  'from %s an order moves where it may, and nowhere else',
  async (_, way) => {
    const from = way.at(-1) ?? PENDING;
    for (const to of [PENDING, CONFIRMED, SHIPPED, DELIVERED, CANCELLED, REFUNDED]) {
      const id = await newOrder(item(4));
      for (const step of way) await bring(id, step);
      if (LEGAL.has(String([from, to]))) {
        expect((await move(id, to)).order!.status).toBe(to);
      } else {
        expect(await refusal(move(id, to))).toMatchObject({ code: 9, reason: 'ILLEGAL_STATUS_TRANSITION' });
        expect((await shop.ada.orders.getOrder({ id })).order!.status).toBe(from);
        if (from !== CANCELLED && from !== REFUNDED) await bring(id, from === PENDING ? CANCELLED : REFUNDED);
      }
    }
  },
);

test('cancelled and refunded pieces come back, also of a product that has left the catalogue', async () => {
  const id = await newProduct(5);
  const [cancelled, refunded] = [await newOrder(item(id, 2)), await newOrder(item(id, 3))];

  await move(cancelled, CANCELLED);
  expect(await stockOf(id)).toBe(2);

  await shop.admin.products.deleteProduct({ id });
  await payFor(refunded);
  await refundAll(refunded);
  const { order: moved } = await shop.ada.orders.getOrder({ id: refunded });
  const [row] = await shop.database.sql.select().from(products).where(eq(products.id, id));
  expect(row!.stock).toBe(5);
  expect(moved!.items[0]).toMatchObject({ productName: 'Vase', unitPrice: 12.5 });
});

test('a watcher is told the present state first, then each change, until the order is done', async () => {
  const id = await newOrder(item(3));
  await payFor(id);
  const updates = shop.ada.orders.streamOrderUpdates({ id });

  expect((await updates.next()).value).toMatchObject({
    orderId: id,
    status: CONFIRMED,
    timestamp: expect.any(Date) as Date,
  });
  await move(id, SHIPPED);
  await move(id, DELIVERED);

  expect((await collect(updates)).map((update) => update.status)).toEqual([SHIPPED, DELIVERED]);
});

test('a watcher of an order that is done is told so, and no more', async () => {
  const id = await newOrder(item(3));
  await move(id, CANCELLED);

  const updates = await collect(shop.ada.orders.streamOrderUpdates({ id }));

  expect(updates.map((update) => update.status)).toEqual([CANCELLED]);
});

test('an order that does not exist is not found', async () => {
  const id = 2_147_483_647;
  const attempts = [
    shop.ada.orders.getOrder({ id }),
    move(id, SHIPPED),
    collect(shop.ada.orders.streamOrderUpdates({ id })),
  ];

  for (const error of await refusals(attempts)) expect(error).toMatchObject({ code: 5, reason: 'ORDER_NOT_FOUND' });
});

test.each<[string[], Partial<CreateOrderRequest>]>([
  [['user_id'], { userId: 0 }],
  [['user_id'], { userId: -1 }],
  [['items'], { items: [] }],
  [['items'], { items: Array.from({ length: 10_000 }, (_, i) => item(i + 1)) }],
  [['items[0].product_id'], { items: [item(0)] }],
  [['items[1].product_id'], { items: [item(1), item(1)] }],
  [['items[0].quantity'], { items: [item(1, 0)] }],
  [['items[0].quantity'], { items: [item(1, -3)] }],
  [['items[0].quantity'], { items: [item(1, 2_147_483_647)] }],
  [['shipping_address'], { shippingAddress: undefined }],
  [
    ['shipping_address.street', 'shipping_address.zip_code'],
    { shippingAddress: { ...shippingAddress, street: '', zipCode: '' } },
  ],
  [['shipping_address.city'], { shippingAddress: { ...shippingAddress, city: 'x'.repeat(1_000_000) } }],
])('createOrder refuses a bad %j (%#)', async (fields, bad) => {
  const before = await books();

  expect(await violationsOf(shop.admin.orders.createOrder({ ...order(item(1)), ...bad }))).toEqual(fields);

  expect(await books()).toEqual(before);
});

test('the other RPCs refuse bad input', async () => {
  const { orders: client } = shop.admin;
  expect(await violationsOf(client.getOrder({ id: 0 }))).toEqual(['id']);
  expect(await violationsOf(collect(client.streamOrderUpdates({ id: -1 })))).toEqual(['id']);
  expect(await violationsOf(move(0, OrderStatus.UNSPECIFIED))).toEqual(['id', 'status']);
  expect(await violationsOf(move(1, 99 as OrderStatus))).toEqual(['status']);
  const list = { userId: -1, status: 99 as OrderStatus, page: -1, pageSize: 1_000 };
  expect(await violationsOf(collect(client.listOrders(list)))).toEqual(['user_id', 'status', 'page', 'page_size']);
});
