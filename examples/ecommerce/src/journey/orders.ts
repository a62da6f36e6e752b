import { randomUUID } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import type { CreditCard, PaymentRequest as AdvancedRequest } from '../gen/advanced/payment.js';
import { OrderStatus, type CreateOrderRequest } from '../gen/ecommerce/order.js';
import { PaymentMethod } from '../gen/ecommerce/payment.js';
import { collect } from '../streams/collect.js';
import type { Journey } from './journey.js';
import type { People } from './people.js';

const { CONFIRMED, SHIPPED, DELIVERED, PENDING } = OrderStatus;

const GOOD = '4242 4242 4242 4242';
const DECLINED = '4000 0000 0000 0002';
/** The processor is unavailable at the first attempt. */
const HICCUP = '4000 0000 0000 0119';
/** Four digits that are found nowhere else, so that a search for it finds a leak. */
const CVV = '8035';

const shippingAddress = { street: '12 St James Square', city: 'London', state: '', zipCode: 'SW1Y', country: 'GB' };

/** Ada buys, pays, waits for the parcel, and gets a little money back. */
export async function buy(journey: Journey, people: People, productId: number): Promise<void> {
  const { ada, grace, admin } = people;
  await journey.isRefused(status.FAILED_PRECONDITION, () => ada.orders.createOrder(orderOf(productId, 1_000)));
  const { order } = await journey.succeeds(
    () => ada.orders.createOrder(orderOf(productId, 2)),
    ({ order: made }) => made?.totalAmount === 1_198,
  );
  const { id } = order!;
  await journey.succeeds(() => ada.orders.getOrder({ id }));
  await journey.isRefused(status.NOT_FOUND, () => grace.orders.getOrder({ id }));
  const updates = journey.opens(() => ada.orders.streamOrderUpdates({ id }), true);
  await updates.hears((update) => update.status === PENDING);
  await pay(journey, people, id);
  await updates.hears((update) => update.status === CONFIRMED);
  for (const next of [SHIPPED, DELIVERED]) {
    await journey.succeeds(() => admin.orders.updateOrderStatus({ id, status: next }));
    await updates.hears((update) => update.status === next);
  }
  await updates.ended('each change as it happened, then the end');
  await journey.isRefused(status.FAILED_PRECONDITION, () => admin.orders.updateOrderStatus({ id, status: SHIPPED }));
  const list = { userId: 1, status: OrderStatus.UNSPECIFIED, page: 1, pageSize: 10 };
  await journey.succeeds(
    () => collect(ada.orders.listOrders(list)),
    ([newest]) => newest?.id === id,
  );
}

async function pay(journey: Journey, { ada, admin }: People, orderId: number): Promise<void> {
  const bill = { orderId, amount: 1_198, method: PaymentMethod.CREDIT_CARD, expiryDate: '12/40', cvv: CVV };
  const bad = { ...bill, cardNumber: '1234', expiryDate: '13/20', cvv: 'x' };
  await journey.isRefused(status.INVALID_ARGUMENT, () => ada.payments.processPayment(bad));
  await journey.succeeds(
    () => ada.payments.processPayment({ ...bill, cardNumber: DECLINED }),
    ({ success }) => !success,
    'declined is an answer, not an error',
  );
  const metadata = new Metadata();
  metadata.set('idempotency-key', randomUUID());
  const payment = { ...bill, cardNumber: HICCUP };
  const paid = await journey.succeeds(
    () => ada.payments.processPayment(payment, { metadata }),
    ({ success }) => success,
  );
  const { id: paymentId } = paid.payment!;
  await journey.succeeds(
    () => ada.payments.processPayment(payment, { metadata }),
    ({ payment: again }) => again?.id === paymentId,
    'charged once',
  );
  await journey.isRefused(status.PERMISSION_DENIED, () => ada.payments.refundPayment(refundOf(paymentId, 100)));
  await journey.succeeds(() => admin.payments.refundPayment(refundOf(paymentId, 100)));
  await journey.isRefused(status.FAILED_PRECONDITION, () => admin.payments.refundPayment(refundOf(paymentId, 1_100)));
  await journey.succeeds(
    () => collect(ada.payments.getPaymentHistory({ userId: 1, page: 1, pageSize: 5 })),
    ([newest]) => newest?.id === paymentId,
  );
}

/** The other payment service: one message for each way to pay, in all four kinds of calls. */
export async function payInOtherWays(journey: Journey, { ada }: People, productId: number): Promise<void> {
  const { advancedPayments } = ada;
  const orders = [];
  for (let made = 0; made < 4; made++) {
    const { order } = await journey.succeeds(() => ada.orders.createOrder(orderOf(productId, 1)));
    orders.push(order!.id);
  }
  const [first, second, third, fourth] = orders as [number, number, number, number];
  const seen = journey.opens(() => advancedPayments.streamPayments({}));
  await seen.hears();
  await journey.succeeds(
    () => advancedPayments.processPayment(byCard(first)),
    ({ success }) => success,
  );
  await journey.succeeds(
    () => advancedPayments.processPaymentStream([byAccount(second), byWallet(third)]),
    ({ count, amount }) => count === 2 && amount === 1_198,
  );
  await journey.succeeds(
    () => collect(advancedPayments.bidirectionalPaymentStream([byCard(fourth)])),
    ([answer]) => answer?.success === true,
  );
  while ((await seen.hears()).orderId !== fourth);
  await seen.hangUp();
}

/** Ada's. */
export function orderOf(productId: number, quantity: number): CreateOrderRequest {
  const item = { productId, quantity, productName: '', unitPrice: 0, totalPrice: 0 };
  return { userId: 1, items: [item], shippingAddress };
}

function refundOf(paymentId: number, amount: number) {
  return { paymentId, amount, reason: 'A scratch on the frame' };
}

function byCard(orderId: number): AdvancedRequest {
  const creditCard: CreditCard = { number: GOOD, expiry: '12/40', cvv: CVV };
  return { orderId, amount: 599, paymentMethod: { $case: 'creditCard', creditCard } };
}

function byAccount(orderId: number): AdvancedRequest {
  const bankAccount = { accountNumber: '000123456789', routingNumber: '110000000' };
  return { orderId, amount: 599, paymentMethod: { $case: 'bankAccount', bankAccount } };
}

function byWallet(orderId: number): AdvancedRequest {
  const digitalWallet = { walletId: 'ada-1815', provider: 'Purse' };
  return { orderId, amount: 599, paymentMethod: { $case: 'digitalWallet', digitalWallet } };
}
