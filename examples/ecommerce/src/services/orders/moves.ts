import { eq, sql as raw } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import { NotificationType } from '../../gen/ecommerce/notification.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import { giveBackPieces, takePieces } from '../../ledger/movements.js';
import type { News } from '../news.js';
import { notify } from '../notifications/repository.js';
import { orders } from './schema.js';
import { TOLD, telling } from './telling.js';
import { messageFor, returnsStock } from './transitions.js';

type OrderRow = typeof orders.$inferSelect;

/** The order, which no other transaction changes until this one ends; locked before anything else is. */
export async function lockOrder(transaction: Sql, id: number): Promise<OrderRow | undefined> {
  const [order] = await transaction.select().from(orders).where(eq(orders.id, id)).for('update');
  return order;
}

export interface Move {
  readonly to: OrderStatus;
  /** Under which it was asked for, so that it is not done again; see `OrderRepository.move`. */
  readonly requestKey?: string;
  /** What the customer is told. @default what is always said of such a move */
  readonly message?: string;
}

/** Moves a locked order on, and its pieces with it; its customer hears of it. */
export async function moveOrder(transaction: Sql, order: OrderRow, move: Move, news: News): Promise<OrderRow> {
  const { to, requestKey, message = messageFor(to) } = move;
  const change = { status: to, updatedAt: raw`now()` };
  const [changed] = await transaction.update(orders).set(change).where(eq(orders.id, order.id)).returning();
  if (to === OrderStatus.CONFIRMED) await takePieces(transaction, order.id);
  if (returnsStock(to)) await giveBackPieces(transaction, order.id);
  const told = telling(order.id, to, message, requestKey);
  await transaction.execute(raw`with ${told} select ${news.announceUpdate(TOLD)} from told`);
  const notification = {
    userId: order.userId,
    type: NotificationType.ORDER,
    title: `Order ${order.id}: ${OrderStatus[to].toLowerCase()}`,
    message: `${message}.`,
  };
  await notify(transaction, notification, news);
  return changed!;
}
