import { OrderStatus } from '../../gen/ecommerce/order.js';

const { PENDING, CONFIRMED, SHIPPED, DELIVERED, CANCELLED, REFUNDED } = OrderStatus;

/** What may become of an order: cancelled before shipping, refunded after payment. */
const NEXT: Readonly<Record<number, readonly OrderStatus[]>> = {
  [PENDING]: [CONFIRMED, CANCELLED],
  [CONFIRMED]: [SHIPPED, CANCELLED, REFUNDED],
  [SHIPPED]: [DELIVERED, REFUNDED],
  [DELIVERED]: [REFUNDED],
  [CANCELLED]: [],
  [REFUNDED]: [],
};

export function mayBecome(from: OrderStatus, to: OrderStatus): boolean {
  return NEXT[from]!.includes(to);
}

/** Whether it may be set by hand: a payment confirms an order, and the refund of all of it refunds it. */
export function mayBeMoved(from: OrderStatus, to: OrderStatus): boolean {
  return mayBecome(from, to) && to !== CONFIRMED && to !== REFUNDED;
}

/** Nothing comes after it that a customer waits for: a delivered order may still be refunded, but need not. */
export function isFinal(status: OrderStatus): boolean {
  return status === DELIVERED || status === CANCELLED || status === REFUNDED;
}

/** Whether the pieces go back on the shelf. */
export function returnsStock(status: OrderStatus): boolean {
  return status === CANCELLED || status === REFUNDED;
}

/** What a customer is told. */
export function messageFor(status: OrderStatus): string {
  return MESSAGES[status]!;
}

const MESSAGES: Readonly<Record<number, string>> = {
  [PENDING]: 'We have your order, and wait for the payment',
  [CONFIRMED]: 'Your order is paid',
  [SHIPPED]: 'Your order is on its way',
  [DELIVERED]: 'Your order has arrived',
  [CANCELLED]: 'Your order is cancelled',
  [REFUNDED]: 'Your order is refunded',
};
