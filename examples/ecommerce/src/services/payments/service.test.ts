import { status } from '@grpc/grpc-js';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pino } from 'pino';
import type { PaymentRequest as AdvancedRequest } from '../../gen/advanced/payment.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import { PaymentMethod, PaymentStatus, type PaymentRequest } from '../../gen/ecommerce/payment.js';
import { UserStatus } from '../../gen/user/user.js';
import { collect } from '../../streams/collect.js';
import { refusal, refusals, violationsOf } from '../../testing/refusals.js';
import { leaksIn } from '../../testing/secrets.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';
import { products } from '../products/schema.js';
import { users } from '../users/schema.js';
import { payments, refunds } from './schema.js';

const logged: string[] = [];
let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop(pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) }));
  await shop.database.sql.update(products).set({ stock: 1_000 });
});
afterAll(() => shop.close());
afterEach(() => shop.database.sql.update(users).set({ status: UserStatus.ACTIVE }));

const CARD = { cardNumber: '4242 4242 4242 4242', expiryDate: '12/40', cvv: '917' };
const NO_CARD = { cardNumber: '', expiryDate: '', cvv: '' };
const SOCKS = 16.5;

/** An order of wool socks, $16.50 each. */
async function newOrder(quantity = 1, userId = 1): Promise<number> {
  const shippingAddress = { street: '1 Main St', city: 'Springfield', state: '', zipCode: '12345', country: 'US' };
  const socks = { productId: 10, quantity, productName: '', unitPrice: 0, totalPrice: 0 };
  const { order } = await shop.admin.orders.createOrder({ userId, items: [socks], shippingAddress });
  return order!.id;
}

async function statusOf(orderId: number): Promise<OrderStatus> {
  const { order } = await shop.ada.orders.getOrder({ id: orderId });
  return order!.status;
}

function request(orderId: number, changes: Partial<PaymentRequest> = {}): PaymentRequest {
  return { orderId, amount: SOCKS, method: PaymentMethod.CREDIT_CARD, ...CARD, ...changes };
}

function byCard(orderId: number, number = CARD.cardNumber): AdvancedRequest {
  const creditCard = { number, expiry: CARD.expiryDate, cvv: CARD.cvv };
  return { orderId, amount: SOCKS, paymentMethod: { $case: 'creditCard', creditCard } };
}

const pay = (orderId: number, changes?: Partial<PaymentRequest>) =>
  shop.ada.payments.processPayment(request(orderId, changes));

async function paidOrder(quantity = 1) {
  const orderId = await newOrder(quantity);
  const { payment } = await pay(orderId, { amount: SOCKS * quantity });
  return { orderId, paymentId: payment!.id };
}

const refund = (paymentId: number, amount: number) =>
  shop.admin.payments.refundPayment({ paymentId, amount, reason: 'Too small' });

const money = async () => [await shop.database.sql.$count(payments), await shop.database.sql.$count(refunds)];

test('an approved payment confirms its order', async () => {
  const orderId = await newOrder(2);

  const answer = await pay(orderId, { amount: 33 });

  expect(answer).toMatchObject({ success: true, message: 'Approved' });
  expect(answer.payment).toMatchObject({ orderId, amount: 33, status: PaymentStatus.COMPLETED });
  expect(answer.payment!.transactionId).not.toBe('');
  expect(await statusOf(orderId)).toBe(OrderStatus.CONFIRMED);
});

test.each([
  ['4000 0000 0000 0002', 'The card was declined'],
  ['4000 0000 0000 9995', 'Insufficient funds'],
  ['5555 5555 5555 4444', 'This shop takes test cards only'],
])('card %s is declined, which is an answer; another card may pay then', async (cardNumber, message) => {
  const orderId = await newOrder();

  const declined = await pay(orderId, { cardNumber });

  expect(declined).toMatchObject({ success: false, message, payment: { status: PaymentStatus.FAILED } });
  expect(await statusOf(orderId)).toBe(OrderStatus.PENDING);
  expect((await pay(orderId)).success).toBe(true);
});

test('when the processor is unavailable once, the second attempt is charged, and only that', async () => {
  const orderId = await newOrder();

  expect(await pay(orderId, { cardNumber: '4000 0000 0000 0119' })).toMatchObject({ success: true });

  const rows = await shop.database.sql.select().from(payments).where(eq(payments.orderId, orderId));
  expect(rows).toHaveLength(1);
  const attempts = logged.filter((line) => line.includes('ProcessPayment') && line.includes('"Unavailable"'));
  expect(attempts).toHaveLength(1);
});

test.each([PaymentMethod.PAYPAL, PaymentMethod.BANK_TRANSFER, PaymentMethod.DIGITAL_WALLET])(
  'method %d needs no card',
  async (method) => {
    const orderId = await newOrder();

    expect(await pay(orderId, { method, ...NO_CARD })).toMatchObject({ success: true, payment: { method } });
  },
);

test('an order is charged once, whoever pays at the same time', async () => {
  const orderId = await newOrder();

  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => pay(orderId)));

  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') {
      expect(outcome.reason).toMatchObject({
        reason: expect.stringMatching(/^(PAYMENT_IN_PROGRESS|ORDER_NOT_PAYABLE)$/) as string,
      });
    }
  }
  expect(await refusal(pay(orderId))).toMatchObject({ code: 9, reason: 'ORDER_NOT_PAYABLE' });
});

test('the amount has to be what the order costs', async () => {
  const orderId = await newOrder();

  expect(await violationsOf(pay(orderId, { amount: 16.49 }))).toEqual(['amount']);
  expect(await statusOf(orderId)).toBe(OrderStatus.PENDING);
});

test('a cancelled order cannot be paid, nor one that does not exist', async () => {
  const orderId = await newOrder();
  await shop.admin.orders.updateOrderStatus({ id: orderId, status: OrderStatus.CANCELLED });

  const [cancelled, unknown] = await refusals([pay(orderId), pay(2_147_483_647)]);

  expect(cancelled).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'ORDER_NOT_PAYABLE' });
  expect(unknown).toMatchObject({ code: status.NOT_FOUND, reason: 'ORDER_NOT_FOUND' });
});

test('another customer cannot pay it, a suspended one neither', async () => {
  const orderId = await newOrder();
  const another = await refusal(shop.grace.payments.processPayment(request(orderId)));
  await shop.database.sql.update(users).set({ status: UserStatus.SUSPENDED }).where(eq(users.id, 1));
  const suspended = await refusal(pay(orderId));

  expect(another).toMatchObject({ code: status.NOT_FOUND, reason: 'ORDER_NOT_FOUND' });
  expect(suspended).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'USER_SUSPENDED' });
});

test('refunds in parts never exceed the payment; the last one refunds the order, and the pieces come back', async () => {
  const { orderId, paymentId } = await paidOrder(2);
  const { product } = await shop.stranger.products.getProduct({ id: 10 });

  expect(await refund(paymentId, 13)).toMatchObject({ success: true, message: 'Refunded in part' });
  expect(await statusOf(orderId)).toBe(OrderStatus.CONFIRMED);
  expect(await refusal(refund(paymentId, 20.01))).toMatchObject({ code: 9, reason: 'REFUND_EXCEEDS_PAYMENT' });
  expect(await refund(paymentId, 20)).toMatchObject({ success: true, message: 'Refunded in whole' });

  expect(await statusOf(orderId)).toBe(OrderStatus.REFUNDED);
  const after = await shop.stranger.products.getProduct({ id: 10 });
  expect(after.product!.stock).toBe(product!.stock + 2);
  expect(await refusal(refund(paymentId, 0.01))).toMatchObject({ reason: 'REFUND_EXCEEDS_PAYMENT' });
});

test('refunds at the same time do not exceed the payment either', async () => {
  const { paymentId } = await paidOrder();

  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => refund(paymentId, 10)));

  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
});

test('customers do not refund, and what was not paid is not refunded', async () => {
  const { payment: declined } = await pay(await newOrder(), { cardNumber: '4000 0000 0000 0002' });
  const [notAllowed, notPaid, unknown] = await refusals([
    shop.ada.payments.refundPayment({ paymentId: declined!.id, amount: 1, reason: 'Please' }),
    refund(declined!.id, 1),
    refund(4_711_000, 1),
  ]);

  expect(notAllowed).toMatchObject({ code: status.PERMISSION_DENIED });
  expect(notPaid).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'PAYMENT_NOT_REFUNDABLE' });
  expect(unknown).toMatchObject({ code: status.NOT_FOUND, reason: 'PAYMENT_NOT_FOUND' });
});

test('the history is one’s own, the newest first', async () => {
  const { paymentId } = await paidOrder();
  const page = { page: 1, pageSize: 2 };

  const own = await collect(shop.ada.payments.getPaymentHistory({ userId: 1, ...page }));

  expect(own[0]!.id).toBe(paymentId);
  expect(own).toHaveLength(2);
  for (const userId of [2, 0]) {
    const another = collect(shop.ada.payments.getPaymentHistory({ userId, ...page }));
    expect(await refusal(another)).toMatchObject({ code: status.PERMISSION_DENIED });
  }
});

test.each<[string, NonNullable<AdvancedRequest['paymentMethod']>, PaymentMethod]>([
  ['credit card', byCard(0).paymentMethod!, PaymentMethod.CREDIT_CARD],
  [
    'bank account',
    { $case: 'bankAccount', bankAccount: { accountNumber: '12345678', routingNumber: '110000000' } },
    PaymentMethod.BANK_TRANSFER,
  ],
  [
    'digital wallet',
    { $case: 'digitalWallet', digitalWallet: { walletId: 'w-1', provider: 'Purse' } },
    PaymentMethod.DIGITAL_WALLET,
  ],
])('advanced: a %s pays', async (_, paymentMethod, method) => {
  const orderId = await newOrder();

  const answer = await shop.ada.advancedPayments.processPayment({ orderId, amount: SOCKS, paymentMethod });

  expect(answer).toMatchObject({ success: true, message: 'Approved', amount: SOCKS, orderId, count: 1 });
  const [row] = await shop.database.sql.select().from(payments).where(eq(payments.orderId, orderId));
  expect(row!.method).toBe(method);
});

test('advanced: an upload of payments is answered once, with their sum', async () => {
  const requests = [
    byCard(await newOrder()),
    byCard(await newOrder(), '4000 0000 0000 0002'),
    byCard(await newOrder()),
  ];

  const answer = await shop.ada.advancedPayments.processPaymentStream(requests);

  expect(answer).toMatchObject({ success: false, message: '2 of 3 payments were made', amount: 33, count: 2 });
});

test('advanced: an upload in which one order cannot be paid charges nothing', async () => {
  const before = await money();
  const orderId = await newOrder();

  const [unknown, twice] = await refusals([
    shop.ada.advancedPayments.processPaymentStream([byCard(orderId), byCard(2_147_483_647)]),
    shop.ada.advancedPayments.processPaymentStream([byCard(orderId), byCard(orderId)]),
  ]);

  expect(unknown).toMatchObject({ reason: 'ORDER_NOT_FOUND' });
  expect(twice).toMatchObject({ code: status.INVALID_ARGUMENT });
  expect(await money()).toEqual(before);
});

test('advanced: a conversation answers each payment', async () => {
  const requests = [byCard(await newOrder(), '4000 0000 0000 9995'), byCard(await newOrder())];

  const answers = await collect(shop.ada.advancedPayments.bidirectionalPaymentStream(requests));

  expect(answers.map(({ success }) => success)).toEqual([false, true]);
});

test('advanced: a stream tells the past, then each payment as it is made, one’s own only', async () => {
  const stream = shop.grace.advancedPayments.streamPayments({});
  const all = shop.admin.advancedPayments.streamPayments({});
  const past = await shop.database.sql.$count(payments);
  for (let read = 0; read < Math.min(past, 100); read++) await all.next();

  const { orderId } = await paidOrder();
  const gracesOrder = await newOrder(1, 2);
  await shop.grace.payments.processPayment(request(gracesOrder));

  expect((await all.next()).value).toMatchObject({ orderId, success: true });
  expect((await stream.next()).value).toMatchObject({ orderId: gracesOrder, success: true });
  await Promise.all([stream.return?.(), all.return?.()]);
});

test.each<[string[], Partial<PaymentRequest>]>([
  [['order_id'], { orderId: 0 }],
  [['amount'], { amount: 0 }],
  [['amount'], { amount: -5 }],
  [['amount'], { amount: NaN }],
  [['amount'], { amount: Infinity }],
  [['method'], { method: PaymentMethod.UNSPECIFIED, ...NO_CARD }],
  [['method'], { method: 99 as PaymentMethod, ...NO_CARD }],
  [['card_number', 'expiry_date', 'cvv'], NO_CARD],
  [['card_number'], { cardNumber: '4242 4242 4242 4241' }],
  [['expiry_date'], { expiryDate: '01/20' }],
  [['cvv'], { cvv: '1' }],
  [['card_number', 'expiry_date', 'cvv'], { method: PaymentMethod.PAYPAL }],
])('processPayment refuses a bad %j (%#)', async (fields, bad) => {
  const before = await money();

  expect(await violationsOf(pay(1, bad))).toEqual(fields);

  expect(await money()).toEqual(before);
});

test.each<[string[], Partial<AdvancedRequest>]>([
  [['order_id', 'amount'], { orderId: -1, amount: -1 }],
  [['payment_method'], { paymentMethod: undefined }],
  [
    ['credit_card.number', 'credit_card.expiry', 'credit_card.cvv'],
    { paymentMethod: { $case: 'creditCard', creditCard: { number: '1', expiry: '1', cvv: '1' } } },
  ],
  [
    ['bank_account.account_number', 'bank_account.routing_number'],
    { paymentMethod: { $case: 'bankAccount', bankAccount: { accountNumber: 'x', routingNumber: '1' } } },
  ],
  [
    ['digital_wallet.wallet_id', 'digital_wallet.provider'],
    { paymentMethod: { $case: 'digitalWallet', digitalWallet: { walletId: '', provider: ' ' } } },
  ],
])('advanced: every RPC refuses a bad %j (%#)', async (fields, bad) => {
  const { advancedPayments: client } = shop.ada;
  const wrong = { ...byCard(1), ...bad };

  expect(await violationsOf(client.processPayment(wrong))).toEqual(fields);
  expect(await violationsOf(client.processPaymentStream([wrong]))).toEqual(fields);
  expect(await violationsOf(collect(client.bidirectionalPaymentStream([wrong])))).toEqual(fields);
});

test('refundPayment and getPaymentHistory refuse bad input', async () => {
  const { payments: client } = shop.admin;
  const nothing = { paymentId: 0, amount: NaN, reason: '' };
  expect(await violationsOf(client.refundPayment(nothing))).toEqual(['payment_id', 'amount', 'reason']);
  const history = { userId: -1, page: -1, pageSize: 101 };
  expect(await violationsOf(collect(client.getPaymentHistory(history)))).toEqual(['user_id', 'page', 'page_size']);
});

test('of a card only the last four digits are kept', async () => {
  await pay(await newOrder());

  const rows = JSON.stringify(await shop.database.sql.select().from(payments));
  expect(rows).toContain('"4242"');
  expect(leaksIn(rows, ['4242424242424242', '4242 4242 4242 4242', '917'])).toEqual([]);
});
