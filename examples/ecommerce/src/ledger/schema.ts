import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

export const ledgerSchema = pgSchema('ledger');

/**
 * Every movement of money and of stock, in double entry: what one account gives, another receives. Rows are only ever
 * added. The states of orders and payments, and the stock of products, have to agree with them: `npm run books` checks.
 */
export const entries = ledgerSchema.table(
  'entries',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    kind: text().$type<Kind>().notNull(),
    /** Says what is moved, so that nothing moves twice: `charge 12`. */
    key: text().notNull().unique(),
    fromAccount: text('from_account').$type<Account>().notNull(),
    toAccount: text('to_account').$type<Account>().notNull(),
    /** Of which product pieces move; none for money. */
    productId: integer('product_id'),
    /** Pieces, or cents. */
    amount: bigint({ mode: 'number' }).notNull(),
    orderId: integer('order_id'),
    paymentId: integer('payment_id'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check('something_moves', sql`${table.amount} > 0`),
    check('from_one_account_to_another', sql`${table.fromAccount} <> ${table.toAccount}`),
    check('a_known_kind', sql`${table.kind} in ('stock', 'reserve', 'take', 'give back', 'charge', 'refund')`),
    index('entries_by_order').on(table.orderId),
    index('entries_by_product').on(table.productId),
  ],
);

/**
 * `stock`: pieces arrive from the supplier, or go back; `reserve`: an order is made; `take`: it is paid; `give back`: it is
 * cancelled or refunded; `charge` and `refund`: money moves.
 */
export type Kind = 'stock' | 'reserve' | 'take' | 'give back' | 'charge' | 'refund';

/** Pieces are with the supplier, on the shelf, reserved or sold; money is with the customer or in the till. */
export type Account = 'supplier' | 'shelf' | 'reserved' | 'sold' | 'customer' | 'till';
