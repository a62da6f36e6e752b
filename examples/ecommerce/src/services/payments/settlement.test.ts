import { StatusError } from 'grpc-js-middleware';
import { status } from '@grpc/grpc-js';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Database } from '../../database/database.js';
import { errors } from '../../errors.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import { PaymentMethod, PaymentStatus } from '../../gen/ecommerce/payment.js';
import { openTestDatabase } from '../../testing/test-database.js';
import { PaymentRepository } from './repository.js';
import { refunds } from './schema.js';
import { Settlement } from './settlement.js';

let database: Database;
let repository: PaymentRepository;
beforeAll(async () => {
  database = await openTestDatabase();
  repository = new PaymentRepository(database.sql, () => Promise.resolve());
});
afterAll(() => database.close());

let orders = 0;

async function payment() {
  const claim = await repository.claim({
    orderId: ++orders,
    userId: 1,
    amountCents: 500,
    method: PaymentMethod.PAYPAL,
    transactionId: `transaction ${orders}`,
    cardLast4: null,
  });
  return repository.complete(claim, true, 'Approved');
}

/** An order service of which only this method is called. */
function orderService(updateOrderStatus: (request: object) => Promise<unknown>) {
  const called = vi.fn(updateOrderStatus);
  const settlement = new Settlement(repository, { updateOrderStatus: called } as unknown as ConstructorParameters<
    typeof Settlement
  >[1]);
  return { called, settlement };
}

const untoldIds = async () => (await repository.untold()).map(({ id }) => id);

test('the order service is told once', async () => {
  const made = await payment();
  const { called, settlement } = orderService(() => Promise.resolve({}));

  await settlement.tryToSettle(made);

  expect(called).toHaveBeenCalledExactlyOnceWith({ id: made.orderId, status: OrderStatus.CONFIRMED });
  expect(await untoldIds()).not.toContain(made.id);
});

test('an order service that is away is told later', async () => {
  const made = await payment();
  let away = true;
  const { called, settlement } = orderService(() =>
    away ? Promise.reject(new StatusError(status.UNAVAILABLE, 'away')) : Promise.resolve({}),
  );

  await settlement.tryToSettle(made);
  expect(await untoldIds()).toContain(made.id);

  away = false;
  const closing = new AbortController();
  const sweeping = settlement.sweep(closing.signal);
  await vi.waitFor(async () => expect(await untoldIds()).not.toContain(made.id));
  closing.abort();
  await sweeping;
  expect(called).toHaveBeenCalledTimes(2);
});

test('an order that was confirmed before the answer got lost counts as told', async () => {
  const made = await payment();
  const { settlement } = orderService(() =>
    Promise.reject(errors.ILLEGAL_STATUS_TRANSITION({ from: 'CONFIRMED', to: 'CONFIRMED' })),
  );

  await settlement.tryToSettle(made);

  expect(await untoldIds()).not.toContain(made.id);
});

test('money for an order that was cancelled meanwhile goes back', async () => {
  const made = await payment();
  const { settlement } = orderService(() =>
    Promise.reject(errors.ILLEGAL_STATUS_TRANSITION({ from: 'CANCELLED', to: 'CONFIRMED' })),
  );

  await settlement.tryToSettle(made);

  const [row] = await repository.list(1, { offset: 0, limit: 1 });
  expect(row).toMatchObject({ id: made.id, status: PaymentStatus.REFUNDED });
});

test('what is left of a payment in part refunded goes back too', async () => {
  const made = await payment();
  await repository.refund(made.id, 'in part', 'Too green', 200);
  const { settlement } = orderService(() =>
    Promise.reject(errors.ILLEGAL_STATUS_TRANSITION({ from: 'CANCELLED', to: 'CONFIRMED' })),
  );

  await settlement.tryToSettle(made);

  const given = await database.sql
    .select()
    .from(refunds)
    .where(eq(refunds.paymentId, made.id))
    .orderBy(refunds.createdAt);
  expect(given.map(({ amountCents }) => amountCents)).toEqual([200, 300]);
});

test('a refund that overtakes the news of its payment is told after it', async () => {
  const made = await payment();
  const refunded = await repository.refund(made.id, 'overtaking', 'Too green');
  const { called, settlement } = orderService(() => Promise.resolve({}));

  await settlement.tryToSettle(refunded);

  expect(called.mock.calls).toEqual([
    [{ id: made.orderId, status: OrderStatus.CONFIRMED }],
    [{ id: made.orderId, status: OrderStatus.REFUNDED }],
  ]);
  expect(await untoldIds()).not.toContain(made.id);
});

test('a claim that a process left behind when it died does not block its order for ever', async () => {
  const made = { orderId: ++orders, userId: 1, amountCents: 1, method: PaymentMethod.PAYPAL, cardLast4: null };
  await repository.claim({ ...made, transactionId: 'first' });
  await expect(repository.claim({ ...made, transactionId: 'second' })).rejects.toMatchObject({
    reason: 'PAYMENT_IN_PROGRESS',
  });

  await database.sql.execute(`update payments.payments set processed_at = now() - interval '1 minute'`);

  await expect(repository.claim({ ...made, transactionId: 'third' })).resolves.toMatchObject({
    transactionId: 'third',
  });
});
