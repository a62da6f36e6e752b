import { sql as raw } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import { errors } from '../../errors.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import { entries } from '../../ledger/schema.js';
import { fromCents, toCents } from '../../money.js';
import { MAX_AMOUNT } from '../../rules.js';
import { products } from '../products/schema.js';
import type { StoredItem, StoredOrder } from './repository.js';
import { orderItems, orders, type StoredAddress } from './schema.js';
import { messageFor } from './transitions.js';
import { TOLD, telling, type Announce } from './telling.js';

export interface PricedOrder {
  readonly userId: number;
  readonly items: readonly Omit<StoredItem, 'orderId' | 'position'>[];
  readonly shippingAddress: StoredAddress;
  readonly requestKey: string | undefined;
}

/**
 * Writes an order and its items, takes its pieces off the shelf, and announces it: in one statement, since others wait
 * for the rows of the shelf meanwhile, and each statement is a way to the database and back.
 */
export async function insertOrder(transaction: Sql, order: PricedOrder, announce: Announce): Promise<StoredOrder> {
  const { userId, shippingAddress, requestKey = null } = order;
  const status = OrderStatus.PENDING;
  const totalCents = order.items.reduce((sum, { unitPriceCents, quantity }) => sum + unitPriceCents * quantity, 0);
  if (totalCents > toCents(MAX_AMOUNT)) throw errors.ORDER_TOO_LARGE({ total: fromCents(totalCents) });
  const items = order.items.map((item, position) => ({ ...item, position }));
  const { rows } = (await transaction.execute(raw`
    with
      item as (
        select * from jsonb_to_recordset(${JSON.stringify(items)}::jsonb) as item
          ("position" smallint, "productId" int, "productName" text, "quantity" int, "unitPriceCents" int)
      ),
      created as (
        insert into ${orders} (user_id, total_cents, status, shipping_address, request_key)
        values (${userId}, ${totalCents}, ${status}, ${JSON.stringify(shippingAddress)}::jsonb, ${requestKey})
        returning *
      ),
      contents as (
        insert into ${orderItems} (order_id, position, product_id, product_name, quantity, unit_price_cents)
        select created.id, item.* from created, item
      ),
      taken as (
        update ${products} set stock = stock - item.quantity from item where ${products.id} = item."productId"
      ),
      reserved as (
        insert into ${entries} (kind, key, from_account, to_account, product_id, amount, order_id)
        select 'reserve', 'reserve ' || created.id || '/' || item."productId", 'shelf', 'reserved', item."productId",
          item.quantity, created.id
        from created, item
      ),
      ${telling(raw`(select id from created)`, status, messageFor(status))}
    select created.id, created.created_at, created.updated_at, ${announce(TOLD)} from created, told`)) as Inserted;
  const { id, created_at: createdAt, updated_at: updatedAt } = rows[0]!;
  return {
    id,
    userId,
    totalCents,
    status,
    shippingAddress,
    requestKey,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    items: items.map((item) => ({ ...item, orderId: id })),
  };
}

/** As the drivers answer a statement that drizzle did not put together. */
interface Inserted {
  readonly rows: readonly { readonly id: number; readonly created_at: string; readonly updated_at: string }[];
}
