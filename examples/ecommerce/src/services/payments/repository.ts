import { and, desc, eq, inArray, lt, ne, or, sql as raw } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import { isUniqueViolation } from '../../database/errors.js';
import { errors } from '../../errors.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import { PaymentStatus } from '../../gen/ecommerce/payment.js';
import { charge } from '../../ledger/movements.js';
import { fromCents } from '../../money.js';
import type { Page } from '../../paging.js';
import type { News } from '../news.js';
import { lockOrder, moveOrder } from '../orders/moves.js';
import { giveBack, type Refund } from './refunding.js';
import { payments, refunds } from './schema.js';

const { PROCESSING, COMPLETED, FAILED, REFUNDED } = PaymentStatus;

export type StoredPayment = typeof payments.$inferSelect;

export type NewPayment = Pick<
  StoredPayment,
  'orderId' | 'userId' | 'amountCents' | 'method' | 'transactionId' | 'cardLast4' | 'requestKey'
>;

/** A claim as old as this was left by a process that died. */
const ABANDONED = raw`now() - interval '30 seconds'`;

const LATE = 'The order was cancelled before it was paid: the money is back';

export class PaymentRepository {
  constructor(
    private readonly sql: Sql,
    private readonly news: News,
  ) {}

  /** The payment that was asked for under a key, and decided. */
  async findByRequest(orderId: number, requestKey: string): Promise<StoredPayment | undefined> {
    const same = and(
      eq(payments.orderId, orderId),
      eq(payments.requestKey, requestKey),
      ne(payments.status, PROCESSING),
    );
    const [made] = await this.sql.select().from(payments).where(same);
    return made;
  }

  /**
   * Claims an order for one payment, before any money moves: of two that come together, one goes on. A claim that was left
   * by a process that died is taken over with its transaction, which the processor charges once, whatever became of it.
   *
   * @throws BusinessError ORDER_NOT_PAYABLE when it is paid, PAYMENT_IN_PROGRESS while another pays
   */
  async claim(payment: NewPayment): Promise<StoredPayment> {
    const left = await this.takeOver(payment);
    if (left !== undefined) return left;
    try {
      const claim = { ...payment, status: PROCESSING, message: '' };
      const [claimed] = await this.sql.insert(payments).values(claim).returning();
      return claimed!;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const { orderId: id } = payment;
      if (await this.isPaid(id)) throw errors.ORDER_NOT_PAYABLE({ id, orderStatus: 'paid' });
      throw errors.PAYMENT_IN_PROGRESS({ id });
    }
  }

  /** Only one process serves a key at a time: a claim under the same key is a dead one's. */
  private async takeOver({ transactionId: _, ...payment }: NewPayment): Promise<StoredPayment | undefined> {
    const isLeft = or(
      lt(payments.processedAt, ABANDONED),
      payment.requestKey === null ? undefined : eq(payments.requestKey, payment.requestKey),
    );
    const [claim] = await this.sql
      .update(payments)
      .set({ ...payment, processedAt: raw`now()` })
      .where(and(eq(payments.orderId, payment.orderId), eq(payments.status, PROCESSING), isLeft))
      .returning();
    return claim;
  }

  /** Gives a claim up: nothing was charged. */
  async giveUp({ id }: StoredPayment): Promise<void> {
    await this.sql.delete(payments).where(and(eq(payments.id, id), eq(payments.status, PROCESSING)));
  }

  /**
   * Writes what the processor said: with a payment its order is CONFIRMED, in the same transaction. Money for an order that
   * was cancelled meanwhile goes back at once.
   */
  complete({ id, orderId }: StoredPayment, approved: boolean, message: string): Promise<StoredPayment> {
    return this.sql.transaction(async (transaction) => {
      const order = await lockOrder(transaction, orderId);
      const payment = await lockPayment(transaction, id);
      if (order === undefined || payment === undefined) throw errors.PAYMENT_IN_PROGRESS({ id: orderId });
      if (payment.status !== PROCESSING) return payment; // another process took the claim over
      const late = approved && order.status !== OrderStatus.PENDING;
      const change = { status: approved ? COMPLETED : FAILED, message: late ? LATE : message, processedAt: raw`now()` };
      const [written] = await transaction.update(payments).set(change).where(eq(payments.id, id)).returning();
      if (!late) await this.news.announcePayment(transaction, written!);
      if (!approved) return written!;
      await charge(transaction, written!, written!.amountCents);
      if (late) return giveBack(transaction, written!, lateRefund(written!), this.news);
      await moveOrder(transaction, order, { to: OrderStatus.CONFIRMED }, this.news);
      return written!;
    });
  }

  /**
   * Gives money back, never more than is left of a payment; when all of it is back, payment and order are REFUNDED.
   *
   * @throws BusinessError PAYMENT_NOT_FOUND, PAYMENT_NOT_REFUNDABLE, REFUND_EXCEEDS_PAYMENT
   */
  refund(id: number, refund: Refund): Promise<StoredPayment> {
    return this.sql.transaction(async (transaction) => {
      const [found] = await transaction.select().from(payments).where(eq(payments.id, id));
      if (found === undefined) throw errors.PAYMENT_NOT_FOUND({ id });
      const order = await lockOrder(transaction, found.orderId);
      const payment = (await lockPayment(transaction, id))!;
      if (payment.status === PROCESSING || payment.status === FAILED) throw errors.PAYMENT_NOT_REFUNDABLE({ id });
      // Made before, by a process that died before it could say so.
      if ((await transaction.$count(refunds, eq(refunds.id, refund.id))) > 0) return payment;
      const left = payment.amountCents - payment.refundedCents;
      if (refund.amountCents > left) throw errors.REFUND_EXCEEDS_PAYMENT({ id, left: fromCents(left) });
      const given = await giveBack(transaction, payment, refund, this.news);
      if (given.status === REFUNDED) await moveOrder(transaction, order!, { to: OrderStatus.REFUNDED }, this.news);
      return given;
    });
  }

  /** The newest first. 0 means every user. */
  list(userId: number, { offset, limit }: Page): Promise<StoredPayment[]> {
    const own = userId ? eq(payments.userId, userId) : undefined;
    return this.sql.select().from(payments).where(own).orderBy(desc(payments.id)).offset(offset).limit(limit);
  }

  private async isPaid(orderId: number): Promise<boolean> {
    const paid = and(eq(payments.orderId, orderId), inArray(payments.status, [COMPLETED, REFUNDED]));
    return (await this.sql.$count(payments, paid)) > 0;
  }
}

async function lockPayment(transaction: Sql, id: number): Promise<StoredPayment | undefined> {
  const [payment] = await transaction.select().from(payments).where(eq(payments.id, id)).for('update');
  return payment;
}

function lateRefund({ id, amountCents }: StoredPayment): Refund {
  return { id: `${id}:late`, amountCents, reason: 'The order was cancelled before it was paid' };
}
