import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  integer,
  pgSchema,
  smallint,
  text,
  timestamp,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { PaymentMethod, PaymentStatus } from '../../gen/ecommerce/payment.js';

export const paymentsSchema = pgSchema('payments');

export const payments = paymentsSchema.table(
  'payments',
  {
    id: integer().primaryKey().generatedByDefaultAsIdentity(),
    orderId: integer('order_id').notNull(),
    userId: integer('user_id').notNull(),
    amountCents: bigint('amount_cents', { mode: 'number' }).notNull(),
    method: smallint().$type<PaymentMethod>().notNull(),
    status: smallint().$type<PaymentStatus>().notNull(),
    transactionId: text('transaction_id').notNull().unique(),
    /** All that is kept of a card. */
    cardLast4: text('card_last4'),
    /** What the payer is told. */
    message: text().notNull(),
    /** What went back to the payer so far. */
    refundedCents: bigint('refunded_cents', { mode: 'number' }).notNull().default(0),
    /** Under which it was asked for: a process that dies before it could say what came of it is asked again. */
    requestKey: text('request_key'),
    processedAt: timestamp('processed_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check('amount_is_positive', sql`${table.amountCents} > 0`),
    check('only_four_digits', sql`${table.cardLast4} ~ '^[0-9]{4}$'`),
    index('payments_by_user').on(table.userId, table.id),
    // PROCESSING, COMPLETED or REFUNDED: an order is paid once, whoever asks how often. Declined attempts do not count.
    uniqueIndex('one_payment_per_order')
      .on(table.orderId)
      .where(sql`${table.status} in (2, 3, 5)`),
    check('no_more_back_than_paid', sql`${table.refundedCents} between 0 and ${table.amountCents}`),
    unique('one_payment_per_request').on(table.orderId, table.requestKey),
  ],
);

export const refunds = paymentsSchema.table(
  'refunds',
  {
    id: text().primaryKey(),
    paymentId: integer('payment_id')
      .notNull()
      .references(() => payments.id),
    amountCents: bigint('amount_cents', { mode: 'number' }).notNull(),
    reason: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check('refund_is_positive', sql`${table.amountCents} > 0`),
    index('refunds_by_payment').on(table.paymentId),
  ],
);
