import { expect, test } from 'vitest';
import { OrderStatus, type Order } from '../gen/ecommerce/order.js';
import { PaymentMethod, PaymentStatus, type Payment } from '../gen/ecommerce/payment.js';
import { audit, type Books } from './books.js';

const { PENDING, CONFIRMED, SHIPPED, CANCELLED, REFUNDED } = OrderStatus;
const { COMPLETED, FAILED } = PaymentStatus;

let ids = 0;

function order(id: number, status: OrderStatus, quantity = 1): Order {
  const items = [{ productId: 7, productName: 'Lamp', quantity, unitPrice: 10.1, totalPrice: 10.1 * quantity }];
  const rest = { userId: 1, shippingAddress: undefined, createdAt: undefined, updatedAt: undefined };
  return { id, status, items, totalAmount: 10.1 * quantity, ...rest };
}

function payment(orderId: number, status: PaymentStatus, amount = 10.1): Payment {
  const method = PaymentMethod.PAYPAL;
  return {
    id: ++ids,
    orderId,
    amount,
    method,
    status,
    transactionId: String(ids),
    refundedAmount: 0,
    processedAt: undefined,
  };
}

/** Twenty pieces; five sold, one of them paid and three paid, half a refund; two came back. */
const good: Books = {
  bought: 20,
  left: 15,
  orders: [order(1, PENDING), order(2, CONFIRMED), order(3, SHIPPED, 3), order(4, CANCELLED), order(5, REFUNDED)],
  payments: [
    payment(1, FAILED),
    payment(2, COMPLETED),
    payment(3, COMPLETED, 30.3),
    payment(5, PaymentStatus.REFUNDED),
    payment(99, COMPLETED, 1_000), // of another product
  ],
  refunds: 15.15,
  revenue: 1_035.35,
};

const PIECES = 'stock sold and stock left are what was bought';
const TWICE = 'no order was paid twice';
const AGREE = 'orders and payments agree';
const REVENUE = 'payments less refunds are the revenue';

test('good books pass', () => {
  expect(audit(good)).toEqual({ [PIECES]: true, [TWICE]: true, [AGREE]: true, [REVENUE]: true });
});

const withOrders = (...orders: Order[]) => ({ ...good, orders: [...good.orders, ...orders] });
const withPayments = (...payments: Payment[]) => ({ ...good, payments: [...good.payments, ...payments] });

test.each<[string, Books, string[]]>([
  ['a piece is gone that nobody bought', { ...good, left: 14 }, [PIECES]],
  ['a piece was sold that is still there', { ...good, left: 16 }, [PIECES]],
  ['more was sold than there was', { ...withOrders(order(6, PENDING, 16)), left: -1 }, [PIECES]],
  ['an order is there twice', withOrders(order(1, PENDING)), [PIECES]],
  ['an order was paid twice', { ...withPayments(payment(2, COMPLETED)), revenue: 1_045.45 }, [TWICE]],
  ['a payment is missing', { ...good, payments: good.payments.slice(0, 2) }, [AGREE, REVENUE]],
  ['a paid order was not confirmed', { ...withPayments(payment(1, COMPLETED)), revenue: 1_045.45 }, [AGREE]],
  [
    'money was kept for an order that was cancelled',
    { ...withPayments(payment(4, COMPLETED)), revenue: 1_045.45 },
    [AGREE],
  ],
  [
    'another amount was paid than the order costs',
    { ...withPayments(payment(1, COMPLETED, 1)), revenue: 1_036.35 },
    [AGREE],
  ],
  ['revenue is a cent off', { ...good, revenue: 1_035.34 }, [REVENUE]],
  ['a refund is not counted', { ...good, refunds: 0 }, [REVENUE]],
])('%s: found', (_, books, found) => {
  const failing = Object.entries(audit(books)).filter(([, holds]) => !holds);

  expect(failing.map(([claim]) => claim)).toEqual(found);
});
