import { setTimeout as delay } from 'node:timers/promises';
import { implement } from 'grpc-js-middleware/promises';
import { AnalyticsServiceService, type Metric, type ProductSales } from '../../gen/analytics/analytics.js';
import { assertSelf } from '../../identity/caller.js';
import { once } from '../../idempotency/once.js';
import { fromCents } from '../../money.js';
import type { ShopService } from '../shop-service.js';
import { METRICS, UNITS, type MetricName } from './metrics.js';
import { AnalyticsRepository, type Period } from './repository.js';
import { analyticsRules } from './rules.js';

const DAY_MS = 86_400_000;
const BEGINNING = new Date(0);

export const analyticsService: ShopService = {
  definition: AnalyticsServiceService,
  rules: analyticsRules,

  implement({ database }) {
    const repository = new AnalyticsRepository(database.sql);
    const measureAll = (names: readonly string[], period: Period): Promise<Metric[]> =>
      Promise.all(
        namesOf(names).map(async (name) => toMetric(name, await repository.measure(name, period), period.to)),
      );

    return implement(AnalyticsServiceService, {
      async trackEvent({ name, userId, productId, properties }, call) {
        if (userId) assertSelf(call, userId); // nobody makes up what others did
        const event = { name, userId: userId || null, productId: productId || null, properties };
        const id = await once(database.sql, call, async (transaction) => {
          return (await new AnalyticsRepository(transaction).track(event)).id;
        });
        return { eventId: id, recordedAt: await repository.timeOf(id) };
      },

      async getMetrics({ names, from = BEGINNING, to = new Date() }) {
        return { metrics: await measureAll(names, { from, to }) };
      },

      async *streamMetrics({ names, intervalMs }, { signal }) {
        for (;;) {
          yield* await measureAll(names, { from: BEGINNING, to: new Date() });
          await delay(intervalMs || 1_000, undefined, { signal });
        }
      },

      async getDashboard({ days, topProducts }) {
        const to = new Date();
        const period = { from: new Date(to.getTime() - (days || 30) * DAY_MS), to };
        const [revenue, orders, conversion] = await Promise.all(
          (['revenue', 'orders', 'conversion'] as const).map((name) => repository.measure(name, period)),
        );
        const top = await repository.topProducts(period, topProducts || 5);
        const sold = await repository.sold(period);
        const averageOrderValue = sold ? Math.round((revenue! / sold) * 100) / 100 : 0;
        return {
          revenue: revenue!,
          orders: orders!,
          conversion: conversion!,
          averageOrderValue,
          topProducts: top.map(toSales),
          ...period,
        };
      },
    });
  },
};

/** None means all. */
function namesOf(names: readonly string[]): readonly MetricName[] {
  return names.length === 0 ? METRICS : METRICS.filter((metric) => names.includes(metric));
}

function toMetric(name: MetricName, value: number, timestamp: Date): Metric {
  return { name, value, unit: UNITS[name], timestamp };
}

function toSales({ revenueCents, ...sales }: { revenueCents: number } & Omit<ProductSales, 'revenue'>): ProductSales {
  return { ...sales, revenue: fromCents(revenueCents) };
}
