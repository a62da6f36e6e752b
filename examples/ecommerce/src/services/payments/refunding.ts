import { and, eq } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import { NotificationType } from '../../gen/ecommerce/notification.js';
import { PaymentStatus } from '../../gen/ecommerce/payment.js';
import { refund } from '../../ledger/movements.js';
import { formatCents, type Cents } from '../../money.js';
import type { News } from '../news.js';
import { notify } from '../notifications/repository.js';
import type { StoredPayment } from './repository.js';
import { payments, refunds } from './schema.js';

const { COMPLETED, REFUNDED } = PaymentStatus;

export interface Refund {
  readonly id: string;
  readonly amountCents: Cents;
  readonly reason: string;
}

/** Gives money of a locked payment back; when all of it is back, the payment is REFUNDED. */
export async function giveBack(
  transaction: Sql,
  payment: StoredPayment,
  { id, amountCents, reason }: Refund,
  news: News,
): Promise<StoredPayment> {
  await transaction.insert(refunds).values({ id, paymentId: payment.id, amountCents, reason });
  await refund(transaction, payment, id, amountCents);
  const refundedCents = payment.refundedCents + amountCents;
  const status = refundedCents === payment.amountCents ? REFUNDED : COMPLETED;
  const change = { refundedCents, status };
  const [changed] = await transaction.update(payments).set(change).where(eq(payments.id, payment.id)).returning();
  await news.announcePayment(transaction, changed!);
  const notification = {
    userId: payment.userId,
    type: NotificationType.PAYMENT,
    title: `Order ${payment.orderId}: ${formatCents(amountCents)} refunded`,
    message: `You get ${formatCents(amountCents)} back for order ${payment.orderId}: ${reason}.`,
  };
  await notify(transaction, notification, news);
  return changed!;
}

/** Gives back what is left of an order's payment, if it was paid. The order has to be locked. */
export async function refundRest(
  transaction: Sql,
  orderId: number,
  { key, reason }: { readonly key: string; readonly reason: string },
  news: News,
): Promise<void> {
  const paid = and(eq(payments.orderId, orderId), eq(payments.status, COMPLETED));
  const [payment] = await transaction.select().from(payments).where(paid).for('update');
  if (payment === undefined) return;
  const amountCents = payment.amountCents - payment.refundedCents;
  await giveBack(transaction, payment, { id: `${payment.id}:${key}`, amountCents, reason }, news);
}
