import { and, between, desc, eq, inArray, isNotNull, sql as raw, sum } from 'drizzle-orm';
import { union } from 'drizzle-orm/pg-core';
import type { Sql } from '../../database/database.js';
import { OrderStatus } from '../../gen/ecommerce/order.js';
import { PaymentStatus } from '../../gen/ecommerce/payment.js';
import { fromCents, type Cents } from '../../money.js';
import { orderItems, orders } from '../orders/schema.js';
import { payments, refunds } from '../payments/schema.js';
import type { MetricName } from './metrics.js';
import { events } from './schema.js';

export type StoredEvent = typeof events.$inferSelect;

export type NewEvent = Pick<StoredEvent, 'name' | 'userId' | 'productId' | 'properties'>;

export interface Period {
  readonly from: Date;
  readonly to: Date;
}

const MADE = [PaymentStatus.COMPLETED, PaymentStatus.REFUNDED];
/** Paid, and the money kept: neither unpaid orders nor those that were cancelled or refunded were sold. */
const SOLD = [OrderStatus.CONFIRMED, OrderStatus.SHIPPED, OrderStatus.DELIVERED];

/** Reads what the other services have written; writes its own events only. */
export class AnalyticsRepository {
  constructor(private readonly sql: Sql) {}

  async track(event: NewEvent): Promise<StoredEvent> {
    const [stored] = await this.sql.insert(events).values(event).returning();
    return stored!;
  }

  /** When an event was recorded. */
  async timeOf(id: number): Promise<Date | undefined> {
    const [found] = await this.sql.select({ createdAt: events.createdAt }).from(events).where(eq(events.id, id));
    return found?.createdAt;
  }

  /** A metric as people know it: money in dollars, a share in per cent. */
  async measure(name: MetricName, period: Period): Promise<number> {
    switch (name) {
      case 'payments':
        return fromCents(await this.paid(period));
      case 'refunds':
        return fromCents(await this.refunded(period));
      case 'revenue':
        return fromCents((await this.paid(period)) - (await this.refunded(period)));
      case 'orders':
        return this.sql.$count(orders, within(orders.createdAt, period));
      case 'events':
        return this.sql.$count(events, within(events.createdAt, period));
      case 'conversion':
        return this.conversion(period);
    }
  }

  /** Orders of which money was kept. */
  sold(period: Period): Promise<number> {
    const kept = and(eq(payments.status, PaymentStatus.COMPLETED), within(payments.processedAt, period));
    return this.sql.$count(payments, kept);
  }

  /** What sold best, by pieces: of orders that are paid, and neither cancelled nor refunded. */
  async topProducts({ from, to }: Period, limit: number) {
    const quantity = sum(orderItems.quantity).mapWith(Number);
    const revenueCents = raw<number>`sum(${orderItems.quantity} * ${orderItems.unitPriceCents}::bigint)`.mapWith(
      Number,
    );
    return this.sql
      .select({
        productId: orderItems.productId,
        productName: raw<string>`max(${orderItems.productName})`,
        quantity,
        revenueCents,
      })
      .from(orderItems)
      .innerJoin(orders, eq(orders.id, orderItems.orderId))
      .where(and(between(orders.createdAt, from, to), inArray(orders.status, SOLD)))
      .groupBy(orderItems.productId)
      .orderBy(desc(quantity), orderItems.productId)
      .limit(limit);
  }

  private async paid(period: Period): Promise<Cents> {
    const made = and(inArray(payments.status, MADE), within(payments.processedAt, period));
    const [row] = await this.sql
      .select({ cents: sum(payments.amountCents) })
      .from(payments)
      .where(made);
    return Number(row!.cents ?? 0);
  }

  private async refunded(period: Period): Promise<Cents> {
    const [row] = await this.sql
      .select({ cents: sum(refunds.amountCents) })
      .from(refunds)
      .where(within(refunds.createdAt, period));
    return Number(row!.cents ?? 0);
  }

  /** Of the users who were seen, by an event or an order, how many ordered, in per cent. */
  private async conversion(period: Period): Promise<number> {
    const bought = within(orders.createdAt, period);
    const visited = and(isNotNull(events.userId), within(events.createdAt, period));
    const buyers = this.sql
      .select({ id: raw<number>`${orders.userId}`.as('id') })
      .from(orders)
      .where(bought);
    const visitors = this.sql
      .select({ id: raw<number>`${events.userId}`.as('id') })
      .from(events)
      .where(visited);
    const buying = await this.sql.$count(buyers.groupBy(orders.userId).as('buyers'));
    const seen = await this.sql.$count(union(buyers, visitors).as('seen'));
    return seen === 0 ? 0 : Math.round((buying / seen) * 10_000) / 100;
  }
}

type TimeColumn =
  typeof orders.createdAt | typeof events.createdAt | typeof payments.processedAt | typeof refunds.createdAt;

function within(column: TimeColumn, { from, to }: Period) {
  return between(column, from, to);
}
