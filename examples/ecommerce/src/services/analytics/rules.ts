import type { Violation } from 'grpc-js-middleware';
import { AnalyticsServiceService } from '../../gen/analytics/analytics.js';
import { integer, optionalId, rulesFor, text } from '../../rules.js';
import { METRICS } from './metrics.js';

const MAX_PROPERTIES = 20;

export const analyticsRules = rulesFor(AnalyticsServiceService, {
  trackEvent: (request) => [
    text('name', request.name, { max: 100 }),
    optionalId('user_id', request.userId),
    optionalId('product_id', request.productId),
    ...propertyRules(request.properties),
  ],
  getMetrics: ({ names, from, to }) => [...nameRules(names), ...periodRules(from, to)],
  streamMetrics: ({ names, intervalMs }) => [
    ...nameRules(names),
    intervalMs === 0 ? undefined : integer('interval_ms', intervalMs, 100, 60_000),
  ],
  getDashboard: ({ days, topProducts }) => [integer('days', days, 0, 366), integer('top_products', topProducts, 0, 50)],
});

function nameRules(names: readonly string[]): (Violation | undefined)[] {
  if (names.length > METRICS.length) return [{ field: 'names', description: `must be at most ${METRICS.length}` }];
  return names.map((name, index) =>
    METRICS.some((metric) => metric === name)
      ? undefined
      : { field: `names[${index}]`, description: `must be one of ${METRICS.join(', ')}` },
  );
}

function periodRules(from: Date | undefined, to: Date | undefined): (Violation | undefined)[] {
  const wrong = [dateRule('from', from), dateRule('to', to)].filter((found) => found !== undefined);
  const isUpsideDown = wrong.length === 0 && from !== undefined && to !== undefined && from > to;
  return isUpsideDown ? [{ field: 'to', description: 'must not be before from' }] : wrong;
}

/** PostgreSQL's calendar and JavaScript's end in different years; neither matters to a shop. */
function dateRule(field: string, date: Date | undefined): Violation | undefined {
  const year = date?.getUTCFullYear() ?? 2000;
  return year >= 1970 && year <= 9999 ? undefined : { field, description: 'must be from 1970 to 9999' };
}

function propertyRules(properties: Readonly<Record<string, string>>): (Violation | undefined)[] {
  const entries = Object.entries(properties);
  if (entries.length > MAX_PROPERTIES)
    return [{ field: 'properties', description: `must be at most ${MAX_PROPERTIES}` }];
  return entries.flatMap(([key, value]) => [
    text('properties', key, { max: 100 }),
    text(`properties["${key.slice(0, 100)}"]`, value, { min: 0, max: 500 }),
  ]);
}
