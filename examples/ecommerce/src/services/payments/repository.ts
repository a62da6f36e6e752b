import { and, asc, desc, eq, inArray, lt, sql as raw } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import { isUniqueViolation } from '../../database/errors.js';
import { errors } from '../../errors.js';
import { PaymentStatus } from '../../gen/ecommerce/payment.js';
import { fromCents, type Cents } from '../../money.js';
import type { Page } from '../../paging.js';
import { payments, refunds } from './schema.js';

const { PROCESSING, COMPLETED, FAILED, REFUNDED } = PaymentStatus;

export type StoredPayment = typeof payments.$inferSelect;

export type NewPayment = Pick<
  StoredPayment,
  'orderId' | 'userId' | 'amountCents' | 'method' | 'transactionId' | 'cardLast4'
>;

/** Announces a payment where it is written, so that it is heard if, and only if, it was. */
export type Announce = (transaction: Sql, payment: StoredPayment) => Promise<void>;

/** A claim as old as this was left by a process that died. */
const ABANDONED = raw`now() - interval '30 seconds'`;

export class PaymentRepository {
  constructor(
    private readonly sql: Sql,
    private readonly announce: Announce,
  ) {}

  /**
   * Claims an order for one payment, before any money moves: of two that come together, one goes on.
   *
   * @throws BusinessError ORDER_NOT_PAYABLE when it is paid, PAYMENT_IN_PROGRESS while another pays
   */
  async claim(payment: NewPayment): Promise<StoredPayment> {
    await this.sql
      .delete(payments)
      .where(
        and(
          eq(payments.orderId, payment.orderId),
          eq(payments.status, PROCESSING),
          lt(payments.processedAt, ABANDONED),
        ),
      );
    try {
      const [claim] = await this.sql
        .insert(payments)
        .values({ ...payment, status: PROCESSING, message: '' })
        .returning();
      return claim!;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const { orderId: id } = payment;
      if (await this.isPaid(id)) throw errors.ORDER_NOT_PAYABLE({ id, orderStatus: 'paid' });
      throw errors.PAYMENT_IN_PROGRESS({ id });
    }
  }

  /** Gives a claim up: nothing was charged. */
  async giveUp({ id }: StoredPayment): Promise<void> {
    await this.sql.delete(payments).where(eq(payments.id, id));
  }

  /** Writes what the processor said. */
  complete({ id }: StoredPayment, approved: boolean, message: string): Promise<StoredPayment> {
    return this.sql.transaction(async (transaction) => {
      const change = { status: approved ? COMPLETED : FAILED, message, orderTold: !approved, processedAt: raw`now()` };
      const [written] = await transaction.update(payments).set(change).where(eq(payments.id, id)).returning();
      await this.announce(transaction, written!);
      return written!;
    });
  }

  /**
   * Gives money back, never more than is left of a payment; when all of it is back, the payment is REFUNDED.
   *
   * @param wanted All that is left when absent.
   * @throws BusinessError PAYMENT_NOT_FOUND, PAYMENT_NOT_REFUNDABLE, REFUND_EXCEEDS_PAYMENT
   */
  refund(id: number, refundId: string, reason: string, wanted?: Cents): Promise<StoredPayment> {
    return this.sql.transaction(async (transaction) => {
      const [payment] = await transaction.select().from(payments).where(eq(payments.id, id)).for('update');
      if (payment === undefined) throw errors.PAYMENT_NOT_FOUND({ id });
      if (payment.status === PROCESSING || payment.status === FAILED) throw errors.PAYMENT_NOT_REFUNDABLE({ id });
      // Made before, by a process that died before it could say so.
      if ((await transaction.$count(refunds, eq(refunds.id, refundId))) > 0) return payment;
      const left = payment.amountCents - (await refundedOf(transaction, id));
      const amountCents = wanted ?? left;
      if (amountCents === 0) return payment;
      if (amountCents > left) throw errors.REFUND_EXCEEDS_PAYMENT({ id, left: fromCents(left) });
      await transaction.insert(refunds).values({ id: refundId, paymentId: id, amountCents, reason });
      if (amountCents < left) return payment;
      const change = { status: REFUNDED, orderTold: false };
      const [refunded] = await transaction.update(payments).set(change).where(eq(payments.id, id)).returning();
      await this.announce(transaction, refunded!);
      return refunded!;
    });
  }

  /** The newest first. 0 means every user. */
  list(userId: number, { offset, limit }: Page): Promise<StoredPayment[]> {
    const own = userId ? eq(payments.userId, userId) : undefined;
    return this.sql.select().from(payments).where(own).orderBy(desc(payments.id)).offset(offset).limit(limit);
  }

  /** Payments of whose present status the order service has not been told. */
  untold(): Promise<StoredPayment[]> {
    return this.sql.select().from(payments).where(eq(payments.orderTold, false)).orderBy(asc(payments.id)).limit(100);
  }

  /** Unless the status has moved on meanwhile. */
  async markTold({ id, status }: StoredPayment): Promise<void> {
    const same = and(eq(payments.id, id), eq(payments.status, status));
    await this.sql.update(payments).set({ orderTold: true }).where(same);
  }

  private async isPaid(orderId: number): Promise<boolean> {
    const paid = and(eq(payments.orderId, orderId), inArray(payments.status, [COMPLETED, REFUNDED]));
    return (await this.sql.$count(payments, paid)) > 0;
  }
}

async function refundedOf(sql: Sql, paymentId: number): Promise<Cents> {
  const [row] = await sql
    .select({ cents: raw<string>`coalesce(sum(${refunds.amountCents}), 0)` })
    .from(refunds)
    .where(eq(refunds.paymentId, paymentId));
  return Number(row!.cents);
}
