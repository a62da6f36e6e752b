import { and, asc, desc, eq, inArray, isNull, sql as raw } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import { errors } from '../../errors.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import type { Page } from '../../paging.js';
import { products } from '../products/schema.js';
import { insertOrder, type PricedOrder } from './insertion.js';
import { orderItems, orders, orderUpdates, type StoredAddress } from './schema.js';
import { TOLD, telling, type Announce } from './telling.js';
import { mayBecome, returnsStock } from './transitions.js';

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

export class OrderRepository {
  constructor(
    private readonly sql: Sql,
    private readonly announce: Announce,
  ) {}

  /**
   * The one transaction of the shop that crosses schemas: stock is checked and reserved, and the order written, or
   * nothing happens at all. Two buyers of the last piece meet at its row: one waits for the other, and finds none left.
   * Nothing happens either when the buyer has gone meanwhile: the same order may be on its way again already.
   */
  create(order: NewOrder, signal: AbortSignal): Promise<StoredOrder> {
    return this.sql.transaction(async (transaction) => {
      const items = await priced(transaction, order.items);
      const created = await insertOrder(transaction, { ...order, items }, this.announce);
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
   * Moves an order on; what it reserved goes back on the shelf when it is cancelled or refunded.
   *
   * @throws BusinessError ORDER_NOT_FOUND, ILLEGAL_STATUS_TRANSITION
   */
  async move(id: number, to: OrderStatus): Promise<StoredOrder> {
    const moved = await this.sql.transaction(async (transaction) => {
      const [order] = await transaction.select().from(orders).where(eq(orders.id, id)).for('update');
      if (order === undefined) throw errors.ORDER_NOT_FOUND({ id });
      if (!mayBecome(order.status, to)) {
        throw errors.ILLEGAL_STATUS_TRANSITION({ from: OrderStatus[order.status], to: OrderStatus[to] });
      }
      const change = { status: to, updatedAt: raw`now()` };
      const [changed] = await transaction.update(orders).set(change).where(eq(orders.id, id)).returning();
      if (returnsStock(to)) await release(transaction, id);
      await transaction.execute(raw`with ${telling(id, to)} select ${this.announce(TOLD)} from told`);
      return changed!;
    });
    return (await this.withItems([moved]))[0]!;
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

/** Puts the pieces of an order back, also of products that have left the catalogue. */
async function release(transaction: Sql, orderId: number): Promise<void> {
  const items = await transaction
    .select({ productId: orderItems.productId, quantity: orderItems.quantity })
    .from(orderItems)
    .where(eq(orderItems.orderId, orderId))
    .orderBy(asc(orderItems.productId));
  for (const { productId, quantity } of items) {
    await transaction
      .update(products)
      .set({ stock: raw`${products.stock} + ${quantity}` })
      .where(eq(products.id, productId));
  }
}
