import { randomUUID } from 'node:crypto';
import { implement } from 'grpc-js-middleware/promises';
import { PaymentServiceService, PaymentStatus, type Payment } from '../../gen/ecommerce/payment.js';
import { fromCents, toCents } from '../../money.js';
import { pageOf } from '../../paging.js';
import { requestKeyOf } from '../../identity/caller.js';
import type { ShopService } from '../shop-service.js';
import { paymentDesk } from './desk.js';
import type { StoredPayment } from './repository.js';
import { cardOf, isCard, paymentRules } from './rules.js';

export const paymentService: ShopService = {
  definition: PaymentServiceService,
  rules: paymentRules,

  implement(resources) {
    const { repository, cashier } = paymentDesk(resources);

    return implement(PaymentServiceService, {
      async processPayment(request, call) {
        const card = isCard(request.method) ? cardOf(request) : undefined;
        const payment = await cashier.pay({ ...request, card }, call, requestKeyOf(call));
        return { payment: toPayment(payment), success: isPaid(payment), message: payment.message };
      },

      async refundPayment({ paymentId, amount, reason }, call) {
        const refundId = `${paymentId}:${requestKeyOf(call) ?? randomUUID()}`;
        const payment = await repository.refund(paymentId, { id: refundId, amountCents: toCents(amount), reason });
        const whole = payment.status === PaymentStatus.REFUNDED;
        return { success: true, message: whole ? 'Refunded in whole' : 'Refunded in part', refundId };
      },

      async *getPaymentHistory({ userId, ...page }) {
        yield* (await repository.list(userId, pageOf(page))).map(toPayment);
      },
    });
  },
};

function isPaid({ status }: StoredPayment): boolean {
  return status === PaymentStatus.COMPLETED;
}

function toPayment({ amountCents, refundedCents, ...payment }: StoredPayment): Payment {
  return { ...payment, amount: fromCents(amountCents), refundedAmount: fromCents(refundedCents) };
}
