import { randomUUID } from 'node:crypto';
import { ValidationError, type ServerCallContext } from 'grpc-js-middleware';
import { errors } from '../../errors.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import type { PaymentMethod } from '../../gen/ecommerce/payment.js';
import { UserStatus } from '../../gen/user/user.js';
import { ownRecord } from '../../identity/caller.js';
import { formatCents, toCents, type Cents } from '../../money.js';
import type { Resources } from '../shop-service.js';
import { digitsOf, type Card } from './cards.js';
import type { Processor } from './processor.js';
import type { PaymentRepository, StoredPayment } from './repository.js';

export interface Payable {
  readonly orderId: number;
  /** As on the wire. */
  readonly amount: number;
  readonly method: PaymentMethod;
  readonly card: Card | undefined;
}

interface Checked {
  readonly userId: number;
  /** What came of it when it was asked for before, by a process that died before it could say so. */
  readonly made?: StoredPayment;
}

/** Takes payments, for both payment services. */
export class Cashier {
  constructor(
    private readonly repository: PaymentRepository,
    private readonly processor: Processor,
    private readonly peers: Resources['peers'],
  ) {}

  /** Whose order it is, and whether it may be paid with this amount; nothing is charged yet. */
  async check({ orderId, amount }: Payable, call: ServerCallContext, requestKey?: string): Promise<Checked> {
    const { order } = await this.peers.orders.getOrder({ id: orderId });
    const { userId, status, totalAmount } = ownRecord(call, order, errors.ORDER_NOT_FOUND({ id: orderId }));
    const made = requestKey && (await this.repository.findByRequest(orderId, requestKey));
    if (made) return { userId, made };
    const { user } = await this.peers.users.getUser({ id: userId });
    if (user?.status === UserStatus.SUSPENDED) throw errors.USER_SUSPENDED({ id: userId });
    if (status !== OrderStatus.PENDING) {
      throw errors.ORDER_NOT_PAYABLE({ id: orderId, orderStatus: OrderStatus[status] });
    }
    assertSameAmount(toCents(amount), toCents(totalAmount));
    return { userId };
  }

  /** Charges; a payment that is declined is an answer too. */
  async pay(payable: Payable, call: ServerCallContext, requestKey?: string): Promise<StoredPayment> {
    const { userId, made } = await this.check(payable, call, requestKey);
    if (made) return made;
    const { orderId, method, card } = payable;
    const amountCents = toCents(payable.amount);
    const cardNumber = card && digitsOf(card.number);
    const cardLast4 = cardNumber?.slice(-4) ?? null;
    const wanted = { orderId, userId, amountCents, method, cardLast4, requestKey: requestKey ?? null };
    const claim = await this.repository.claim({ ...wanted, transactionId: randomUUID() });
    const verdict = await this.processor
      .charge({ orderId, amountCents, transactionId: claim.transactionId, cardNumber })
      .catch(async (error: unknown) => {
        await this.repository.giveUp(claim);
        throw error;
      });
    return this.repository.complete(claim, verdict.approved, verdict.message);
  }
}

function assertSameAmount(given: Cents, due: Cents): void {
  if (given !== due) throw new ValidationError('amount', `must be ${formatCents(due)}, what the order costs`);
}
