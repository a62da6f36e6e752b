import { and, asc, desc, eq, gt, inArray, isNull, lt, notExists, sql as raw } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import { errors } from '../../errors.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import { PaymentStatus } from '../../gen/ecommerce/payment.js';
import type { Page } from '../../paging.js';
import type { News } from '../news.js';
import { refundRest } from '../payments/refunding.js';
import { payments } from '../payments/schema.js';
import { products } from '../products/schema.js';
import { insertOrder, type PricedOrder } from './insertion.js';
import { orderItems, orders, orderUpdates, type StoredAddress } from './schema.js';
import { lockOrder, moveOrder, type Move } from './moves.js';
import { mayBeMoved } from './transitions.js';

type OrderRow = typeof orders.$inferSelect;
export type StoredItem = typeof orderItems.$inferSelect;
export type StoredUpdate = typeof orderUpdates.$inferSelect;
export type StoredOrder = OrderRow & { readonly items: readonly StoredItem[] };

export interface NewOrder {
  readonly userId: number;
  readonly items: readonly { readonly productId: number; readonly quantity: number }[];
  readonly shippingAddress: StoredAddress;
  /** The buyer's idempotency key: the same key is the same order. */
  readonly requestKey: string | undefined;
}

/** Cancelled by one process in one round; the rest come with the next. */
const EXPIRED_AT_ONCE = 200;

const EXPIRED = 'Your order is cancelled, since it was not paid in time';

const CANCELLATION = { key: 'cancel', reason: 'The order was cancelled' };

/** A payment is with the processor at this moment, or was a moment ago. */
const isBeingPaid = and(
  eq(payments.orderId, orders.id),
  eq(payments.status, PaymentStatus.PROCESSING),
  gt(payments.processedAt, raw`now() - interval '30 seconds'`),
);

export class OrderRepository {
  constructor(
    private readonly sql: Sql,
    private readonly news: News,
  ) {}

  /**
   * The one transaction of the shop that crosses schemas: stock is checked and reserved, and the order written, or
   * nothing happens at all. Two buyers of the last piece meet at its row: one waits for the other, and finds none left.
   * Nothing happens either when the buyer has gone meanwhile: the same order may be on its way again already.
   */
  create(order: NewOrder, signal: AbortSignal): Promise<StoredOrder> {
    return this.sql.transaction(async (transaction) => {
      const items = await priced(transaction, order.items);
      const created = await insertOrder(transaction, { ...order, items }, this.news.announceUpdate);
      signal.throwIfAborted();
      return created;
    });
  }

  /** The order that was made under a key, by a process that died before it could say so. */
  async findByRequest(userId: number, requestKey: string): Promise<StoredOrder | undefined> {
    const made = and(eq(orders.userId, userId), eq(orders.requestKey, requestKey));
    const [order] = await this.sql.select().from(orders).where(made);
    return order && (await this.withItems([order]))[0];
  }

  async find(id: number): Promise<StoredOrder | undefined> {
    const [order] = await this.sql.select().from(orders).where(eq(orders.id, id));
    return order && (await this.withItems([order]))[0];
  }

  /** The newest first. 0 means every user, every status. */
  async list(userId: number, status: OrderStatus, { offset, limit }: Page): Promise<StoredOrder[]> {
    const found = await this.sql
      .select()
      .from(orders)
      .where(and(userId ? eq(orders.userId, userId) : undefined, status ? eq(orders.status, status) : undefined))
      .orderBy(desc(orders.id))
      .offset(offset)
      .limit(limit);
    return this.withItems(found);
  }

  /**
   * Moves an order on, as it was asked for. What it reserved goes back on the shelf when it is cancelled, and so does
   * the money, if it was paid. Asked again under the same key, it answers as the order is by then.
   *
   * @throws BusinessError ORDER_NOT_FOUND, ILLEGAL_STATUS_TRANSITION
   */
  async move(id: number, move: Move): Promise<StoredOrder> {
    const moved = await this.sql.transaction(async (transaction) => {
      const order = await lockOrder(transaction, id);
      if (order === undefined) throw errors.ORDER_NOT_FOUND({ id });
      if (await isRepeated(transaction, id, move)) return order;
      if (!mayBeMoved(order.status, move.to)) {
        throw errors.ILLEGAL_STATUS_TRANSITION({ from: OrderStatus[order.status], to: OrderStatus[move.to] });
      }
      if (move.to === OrderStatus.CANCELLED) await refundRest(transaction, id, CANCELLATION, this.news);
      return moveOrder(transaction, order, move, this.news);
    });
    return (await this.withItems([moved]))[0]!;
  }

  /** Cancels the orders that have been unpaid for so long, and says how many. Those that are being paid are let be. */
  async expire(ttlMs: number): Promise<number> {
    const late = await this.sql
      .select({ id: orders.id })
      .from(orders)
      .where(
        and(
          eq(orders.status, OrderStatus.PENDING),
          lt(orders.createdAt, raw`now() - ${ttlMs} * interval '1 millisecond'`),
          notExists(this.sql.select({ id: payments.id }).from(payments).where(isBeingPaid)),
        ),
      )
      .orderBy(asc(orders.id))
      .limit(EXPIRED_AT_ONCE);
    for (const { id } of late) await this.cancelUnpaid(id);
    return late.length;
  }

  private cancelUnpaid(id: number): Promise<void> {
    return this.sql.transaction(async (transaction) => {
      const order = await lockOrder(transaction, id);
      if (order?.status !== OrderStatus.PENDING) return; // paid, or cancelled, meanwhile
      await moveOrder(transaction, order, { to: OrderStatus.CANCELLED, message: EXPIRED }, this.news);
    });
  }

  /** The last thing that happened to an order. */
  async lastUpdate(orderId: number): Promise<StoredUpdate | undefined> {
    const [last] = await this.sql
      .select()
      .from(orderUpdates)
      .where(eq(orderUpdates.orderId, orderId))
      .orderBy(desc(orderUpdates.id))
      .limit(1);
    return last;
  }

  private async withItems(found: readonly OrderRow[]): Promise<StoredOrder[]> {
    if (found.length === 0) return [];
    const ids = found.map(({ id }) => id);
    const items = await this.sql
      .select()
      .from(orderItems)
      .where(inArray(orderItems.orderId, ids))
      .orderBy(asc(orderItems.orderId), asc(orderItems.position));
    return found.map((order) => ({ ...order, items: items.filter(({ orderId }) => orderId === order.id) }));
  }
}

/**
 * What an order's pieces are called and cost, if there are enough of each. Their rows stay locked, in the order of their
 * ids, so that two orders never wait for each other.
 */
async function priced(transaction: Sql, items: NewOrder['items']): Promise<PricedOrder['items']> {
  const { id, name, priceCents, stock } = products;
  const ids = items.map(({ productId }) => productId);
  const shelf = await transaction
    .select({ id, name, priceCents, stock })
    .from(products)
    .where(and(inArray(id, ids), isNull(products.deletedAt)))
    .orderBy(asc(id))
    .for('update');
  const byId = new Map(shelf.map((product) => [product.id, product]));
  return items.map(({ productId, quantity }) => {
    const product = byId.get(productId);
    if (product === undefined) throw errors.PRODUCT_NOT_FOUND({ id: productId });
    if (product.stock < quantity) throw errors.INSUFFICIENT_STOCK({ productId, available: product.stock });
    return { productId, quantity, productName: product.name, unitPriceCents: product.priceCents };
  });
}

/** Whether the move was made before, by a process that died before it could say so. */
async function isRepeated(transaction: Sql, orderId: number, { to, requestKey }: Move): Promise<boolean> {
  if (requestKey === undefined) return false;
  const same = [
    eq(orderUpdates.orderId, orderId),
    eq(orderUpdates.requestKey, requestKey),
    eq(orderUpdates.status, to),
  ];
  return (await transaction.$count(orderUpdates, and(...same))) > 0;
}
