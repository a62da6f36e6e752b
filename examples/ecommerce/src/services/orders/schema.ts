import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import type { OrderStatus } from '../../gen/ecommerce/order.js';

export const ordersSchema = pgSchema('orders');

export interface StoredAddress {
  readonly street: string;
  readonly city: string;
  readonly state: string;
  readonly zipCode: string;
  readonly country: string;
}

export const orders = ordersSchema.table(
  'orders',
  {
    id: integer().primaryKey().generatedByDefaultAsIdentity(),
    userId: integer('user_id').notNull(),
    totalCents: bigint('total_cents', { mode: 'number' }).notNull(),
    status: smallint().$type<OrderStatus>().notNull(),
    shippingAddress: jsonb('shipping_address').$type<StoredAddress>().notNull(),
    /** Under which the buyer asked for it: written with the order, so that no death comes between the two. */
    requestKey: text('request_key'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('orders_by_user').on(table.userId, table.id),
    unique('one_order_per_request').on(table.userId, table.requestKey),
  ],
);

/** Name and price as they were when the order was made. */
export const orderItems = ordersSchema.table(
  'order_items',
  {
    orderId: integer('order_id')
      .notNull()
      .references(() => orders.id),
    position: smallint().notNull(),
    productId: integer('product_id').notNull(),
    productName: text('product_name').notNull(),
    quantity: integer().notNull(),
    unitPriceCents: integer('unit_price_cents').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orderId, table.position] }),
    check('quantity_is_positive', sql`${table.quantity} > 0`),
    index('order_items_by_product').on(table.productId),
  ],
);

/** Every status an order has had; what StreamOrderUpdates tells. */
export const orderUpdates = ordersSchema.table(
  'order_updates',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    orderId: integer('order_id')
      .notNull()
      .references(() => orders.id),
    status: smallint().$type<OrderStatus>().notNull(),
    message: text().notNull(),
    /** Under which the move was asked for, and by whom: a process that dies before it could say so is asked again. */
    requestKey: text('request_key'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('order_updates_by_order').on(table.orderId, table.id),
    unique('one_move_per_request').on(table.orderId, table.requestKey),
  ],
);
