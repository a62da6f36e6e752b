import { ValidationError, type ServerCallContext } from 'grpc-js-middleware';
import { identityOf } from 'grpc-js-middleware/auth';
import { implement } from 'grpc-js-middleware/promises';
import { PaymentServiceService, type PaymentRequest, type PaymentResponse } from '../../gen/advanced/payment.js';
import { PaymentMethod, PaymentStatus } from '../../gen/ecommerce/payment.js';
import { callingUser, isStaff, requestKeyOf } from '../../identity/caller.js';
import { fromCents } from '../../money.js';
import { takeUpload } from '../../streams/upload.js';
import type { ShopService } from '../shop-service.js';
import type { Payable } from './cashier.js';
import { EVERYBODY } from '../news.js';
import { paymentDesk } from './desk.js';
import type { StoredPayment } from './repository.js';
import { advancedPaymentRules } from './rules.js';

/** How many past payments a stream begins with. */
const PAST = { offset: 0, limit: 100 };

export const advancedPaymentService: ShopService = {
  definition: PaymentServiceService,
  rules: advancedPaymentRules,

  implement(resources) {
    const { repository, cashier, made } = paymentDesk(resources);
    const charge = async (request: PaymentRequest, call: ServerCallContext, key?: string) =>
      toResponse(await cashier.pay(toPayable(request), call, key));

    return implement(PaymentServiceService, {
      processPayment: (request, call) => charge(request, call, requestKeyOf(call)),

      async *streamPayments(_request, call) {
        const whose = isStaff(identityOf(call)) ? EVERYBODY : callingUser(call).id;
        const payments = await made.subscribe(whose, call); // before the past is read, so that nothing falls between
        try {
          const past = (await repository.list(whose, PAST)).reverse();
          yield* past.filter(isDecided).map(toResponse);
          const seen = new Set(past.filter(isDecided).map(keyOf));
          for await (const { processedAt, ...payment } of payments) {
            if (!seen.has(keyOf(payment))) yield toResponse({ ...payment, processedAt: new Date(processedAt) });
          }
        } finally {
          payments.close();
        }
      },

      async processPaymentStream(requests, call) {
        const payables = (await takeUpload(requests)).map(toPayable);
        assertDistinct(payables);
        const key = requestKeyOf(call);
        for (const payable of payables) await cashier.check(payable, call, key); // nothing is charged if one cannot be
        call.signal.throwIfAborted();
        const payments: StoredPayment[] = [];
        for (const payable of payables) payments.push(await cashier.pay(payable, call, key));
        return summary(payments);
      },

      async *bidirectionalPaymentStream(requests, call) {
        for await (const request of requests) yield await charge(request, call);
      },
    });
  },
};

function assertDistinct(payables: readonly Payable[]): void {
  const ids = new Set(payables.map(({ orderId }) => orderId));
  if (ids.size < payables.length) throw new ValidationError('order_id', 'must differ from message to message');
}

function toPayable({ orderId, amount, paymentMethod }: PaymentRequest): Payable {
  switch (paymentMethod?.$case) {
    case 'creditCard':
      return { orderId, amount, method: PaymentMethod.CREDIT_CARD, card: paymentMethod.creditCard };
    case 'bankAccount':
      return { orderId, amount, method: PaymentMethod.BANK_TRANSFER, card: undefined };
    default:
      return { orderId, amount, method: PaymentMethod.DIGITAL_WALLET, card: undefined };
  }
}

/** The processor has spoken. */
function isDecided({ status }: StoredPayment): boolean {
  return status !== PaymentStatus.PROCESSING;
}

function keyOf({ id, status, refundedCents }: Pick<StoredPayment, 'id' | 'status' | 'refundedCents'>): string {
  return `${id} ${status} ${refundedCents}`;
}

function toResponse({
  status,
  message,
  transactionId,
  amountCents,
  orderId,
  processedAt,
}: StoredPayment): PaymentResponse {
  const success = status === PaymentStatus.COMPLETED;
  return { success, message, transactionId, amount: fromCents(amountCents), orderId, processedAt, count: 1 };
}

/** One answer for many payments: how many were made, and what they came to. */
function summary(payments: readonly StoredPayment[]): PaymentResponse {
  const made = payments.filter(({ status }) => status === PaymentStatus.COMPLETED);
  const last = payments.at(-1);
  return {
    success: made.length === payments.length,
    message: `${made.length} of ${payments.length} payments were made`,
    transactionId: last?.transactionId ?? '',
    amount: fromCents(made.reduce((sum, { amountCents }) => sum + amountCents, 0)),
    orderId: last?.orderId ?? 0,
    processedAt: last?.processedAt,
    count: made.length,
  };
}
