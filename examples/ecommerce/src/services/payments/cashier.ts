import { randomUUID } from 'node:crypto';
import { ValidationError, type ServerCallContext } from 'grpc-js-middleware';
import { errors } from '../../errors.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import type { PaymentMethod } from '../../gen/ecommerce/payment.js';
import { UserStatus } from '../../gen/user/user.js';
import { assertOwn } from '../../identity/caller.js';
import { formatCents, toCents, type Cents } from '../../money.js';
import type { Resources } from '../shop-service.js';
import { digitsOf, type Card } from './cards.js';
import type { Processor } from './processor.js';
import type { PaymentRepository, StoredPayment } from './repository.js';
import type { Settlement } from './settlement.js';

export interface Payable {
  readonly orderId: number;
  /** As on the wire. */
  readonly amount: number;
  readonly method: PaymentMethod;
  readonly card: Card | undefined;
}

/** Takes payments, for both payment services. */
export class Cashier {
  constructor(
    private readonly repository: PaymentRepository,
    private readonly processor: Processor,
    private readonly settlement: Settlement,
    private readonly peers: Resources['peers'],
  ) {}

  /** Whose order it is, and whether it may be paid with this amount; nothing is charged yet. */
  async check({ orderId, amount }: Payable, call: ServerCallContext): Promise<{ readonly userId: number }> {
    const { order } = await this.peers.orders.getOrder({ id: orderId });
    const { userId, status, totalAmount } = order!;
    assertOwn(call, userId);
    const { user } = await this.peers.users.getUser({ id: userId });
    if (user?.status === UserStatus.SUSPENDED) throw errors.USER_SUSPENDED({ id: userId });
    if (status !== OrderStatus.PENDING) {
      throw errors.ORDER_NOT_PAYABLE({ id: orderId, orderStatus: OrderStatus[status] });
    }
    assertSameAmount(toCents(amount), toCents(totalAmount));
    return { userId };
  }

  /** Charges; a payment that is declined is an answer too. */
  async pay(payable: Payable, call: ServerCallContext): Promise<StoredPayment> {
    const { userId } = await this.check(payable, call);
    const { orderId, method, card } = payable;
    const amountCents = toCents(payable.amount);
    const cardNumber = card && digitsOf(card.number);
    const transactionId = randomUUID();
    const cardLast4 = cardNumber?.slice(-4) ?? null;
    const claim = await this.repository.claim({ orderId, userId, amountCents, method, transactionId, cardLast4 });
    const verdict = await this.processor
      .charge({ orderId, amountCents, transactionId, cardNumber })
      .catch(async (error: unknown) => {
        await this.repository.giveUp(claim);
        throw error;
      });
    const payment = await this.repository.complete(claim, verdict.approved, verdict.message);
    if (verdict.approved) await this.settlement.tryToSettle(payment);
    return payment;
  }
}

function assertSameAmount(given: Cents, due: Cents): void {
  if (given !== due) throw new ValidationError('amount', `must be ${formatCents(due)}, what the order costs`);
}
