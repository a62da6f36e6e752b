import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { errors } from '../../errors.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import { PaymentStatus } from '../../gen/ecommerce/payment.js';
import type { Resources } from '../shop-service.js';
import type { PaymentRepository, StoredPayment } from './repository.js';

const SWEEP_MS = 2_000;

/**
 * Money and orders are kept by two services, and no transaction spans both. So a payment is written first, with the
 * note that the order service has not been told; telling it may be repeated, and is, until it has heard.
 */
export class Settlement {
  constructor(
    private readonly repository: PaymentRepository,
    private readonly orders: Resources['peers']['orders'],
  ) {}

  /** Tells the order service now; if that fails, the sweep does it later. The payment stands either way. */
  async tryToSettle(payment: StoredPayment): Promise<void> {
    await this.settle(payment).catch(() => undefined);
  }

  /** Tells what was left untold, again and again, until the shop closes. */
  async sweep(closing: AbortSignal): Promise<void> {
    while (!closing.aborted) {
      const untold = await this.repository.untold().catch(() => []);
      for (const payment of untold) await this.tryToSettle(payment);
      await delay(SWEEP_MS, undefined, { signal: closing, ref: false }).catch(() => undefined);
    }
  }

  /** A refund may overtake the news of its payment: so an order is always told first that it was paid. */
  private async settle(payment: StoredPayment): Promise<void> {
    await this.tell(payment, OrderStatus.CONFIRMED);
    if (payment.status === PaymentStatus.REFUNDED) await this.tell(payment, OrderStatus.REFUNDED);
    await this.repository.markTold(payment);
  }

  private async tell(payment: StoredPayment, status: OrderStatus): Promise<void> {
    try {
      await this.orders.updateOrderStatus({ id: payment.orderId, status });
    } catch (error) {
      await errors.match(error, {
        // It was told before, and has moved on; but a cancelled order must not keep the money.
        ILLEGAL_STATUS_TRANSITION: ({ from }) => (from === 'CANCELLED' ? this.giveBack(payment) : undefined),
      });
    }
  }

  private async giveBack({ id, status }: StoredPayment): Promise<void> {
    if (status !== PaymentStatus.COMPLETED) return;
    await this.repository.refund(id, randomUUID(), 'The order was cancelled before it was paid');
  }
}
