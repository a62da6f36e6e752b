/** What AnalyticsService counts. */
export const METRICS = ['revenue', 'orders', 'payments', 'refunds', 'events', 'conversion'] as const;

export type MetricName = (typeof METRICS)[number];

/** How people read a metric: an amount of money, a count, a share. */
export const UNITS: Readonly<Record<MetricName, string>> = {
  revenue: 'USD',
  orders: '1',
  payments: 'USD',
  refunds: 'USD',
  events: '1',
  conversion: '%',
};
