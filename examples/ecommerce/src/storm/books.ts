import type { ShopClients } from '../clients.js';
import { OrderStatus, type Order } from '../gen/ecommerce/order.js';
import { PaymentStatus, type Payment } from '../gen/ecommerce/payment.js';
import { toCents } from '../money.js';
import { collect } from '../streams/collect.js';

const { COMPLETED, REFUNDED } = PaymentStatus;
const UNPAID = [OrderStatus.PENDING, OrderStatus.CANCELLED];
const UNSOLD = [OrderStatus.CANCELLED, OrderStatus.REFUNDED];

/** What the shop itself says of a product's pieces and of all money. */
export interface Books {
  /** Pieces put on the shelf. */
  readonly bought: number;
  /** Pieces on the shelf now. */
  readonly left: number;
  /** Those of this product. */
  readonly orders: readonly Order[];
  /** All there are. */
  readonly payments: readonly Payment[];
  /** As analytics counts them, in dollars. */
  readonly refunds: number;
  readonly revenue: number;
}

/** Reads them as an administrator may, while nobody buys. */
export async function readBooks(admin: ShopClients, productId: number, bought: number): Promise<Books> {
  const { product } = await admin.products.getProduct({ id: productId });
  const everybody = { userId: 0, status: OrderStatus.UNSPECIFIED };
  const orders = await allPages((page) => collect(admin.orders.listOrders({ ...everybody, ...page })));
  const payments = await allPages((page) => collect(admin.payments.getPaymentHistory({ userId: 0, ...page })));
  const names = ['refunds', 'revenue'];
  const { metrics } = await admin.analytics.getMetrics({ names, from: undefined, to: undefined });
  const [refunds, revenue] = metrics.map(({ value }) => value);
  return {
    bought,
    left: product!.stock,
    orders: orders.filter(({ items }) => items.some((item) => item.productId === productId)),
    payments,
    refunds: refunds!,
    revenue: revenue!,
  };
}

/** What has to hold of them, and whether it does. */
export function audit({ bought, left, orders, payments, refunds, revenue }: Books): Record<string, boolean> {
  const made = payments.filter(({ status }) => status === COMPLETED || status === REFUNDED);
  const paid = new Map(made.map((payment) => [payment.orderId, payment]));
  const sold = orders.filter(({ status }) => !UNSOLD.includes(status)).flatMap(({ items }) => items);
  return {
    'stock sold and stock left are what was bought':
      left >= 0 && sum(sold, ({ quantity }) => quantity) + left === bought,
    'no order was paid twice': paid.size === made.length,
    'orders and payments agree': orders.every((order) => agrees(order, paid.get(order.id))),
    'payments less refunds are the revenue':
      sum(made, ({ amount }) => toCents(amount)) - toCents(refunds) === toCents(revenue),
  };
}

/** Whether an order says of its payment what the payment says, to the cent. */
function agrees({ status, totalAmount }: Order, payment: Payment | undefined): boolean {
  if (payment === undefined) return UNPAID.includes(status);
  if (toCents(payment.amount) !== toCents(totalAmount)) return false;
  // Money for an order that was cancelled meanwhile went back.
  return payment.status === REFUNDED ? UNSOLD.includes(status) : !UNPAID.includes(status) && !UNSOLD.includes(status);
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}

const PAGE_SIZE = 100;

async function allPages<T>(read: (page: { page: number; pageSize: number }) => Promise<T[]>): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; ; page++) {
    const items = await read({ page, pageSize: PAGE_SIZE });
    all.push(...items);
    if (items.length < PAGE_SIZE) return all;
  }
}
