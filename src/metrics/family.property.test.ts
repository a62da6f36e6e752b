import { Counter, Histogram, Registry, type OpenMetricsContentType, type PrometheusContentType } from 'prom-client';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Family, type PrometheusRegistry } from './exposition.js';
import { HistogramCounts } from './histogram.js';
import { runs } from '../../test/support/runs.js';

test('a bound belongs to its own bucket', () => {
  const counts = new HistogramCounts([1, 2]);
  for (const seconds of [1, 2, 3]) counts.observe(seconds);
  expect(counts.samples('h', {}).map(({ value }) => value)).toEqual([1, 2, 3, 6, 3]);
});

/** Whatever is observed, our families print what prom-client's own metrics print. */
const observations = fc.array(
  fc.record({
    series: fc.constantFrom('a', 'b "quoted"\n', 'c\\'),
    seconds: fc.double({ min: 0, max: 20, noNaN: true }),
  }),
  { maxLength: 60 },
);
const bounds = fc
  .uniqueArray(fc.double({ min: 0.001, max: 10, noNaN: true }), { minLength: 1, maxLength: 12 })
  .map((numbers) => numbers.toSorted((a, b) => a - b));

test('a histogram', async () => {
  await fc.assert(
    fc.asyncProperty(observations, bounds, async (observed, buckets) => {
      const theirs = new Registry();
      const histogram = new Histogram({
        name: 'h',
        help: 'help',
        buckets,
        labelNames: ['series'],
        registers: [theirs],
      });
      for (const { series, seconds } of observed) histogram.observe({ series }, seconds);

      const counts = new Map<string, HistogramCounts>();
      const ours = registryOf('h', 'histogram', () =>
        [...counts].flatMap(([series, each]) => each.samples('h', { series })),
      );
      for (const { series, seconds } of observed) {
        if (!counts.has(series)) counts.set(series, new HistogramCounts(buckets));
        counts.get(series)!.observe(seconds);
      }
      expect(sorted(await ours.metrics())).toEqual(sorted(await theirs.metrics()));
      expect(await jsonOf(ours)).toEqual(await jsonOf(theirs));
    }),
    { numRuns: runs(50) },
  );
});

test.each([
  ['Prometheus', Registry.PROMETHEUS_CONTENT_TYPE],
  ['OpenMetrics', Registry.OPENMETRICS_CONTENT_TYPE],
])('a counter, in %s', async (_format, type) => {
  await fc.assert(
    fc.asyncProperty(observations, async (observed) => {
      const theirs = registryOfType(type);
      const counter = new Counter({ name: 'c_total', help: 'help', labelNames: ['series'], registers: [theirs] });
      const counts = new Map<string, number>();
      for (const { series } of observed) {
        counter.inc({ series });
        counts.set(series, (counts.get(series) ?? 0) + 1);
      }
      const ours = registryOf(
        'c_total',
        'counter',
        () => [...counts].map(([series, value]) => ({ labels: { series }, value })),
        type,
      );
      for (let scrape = 0; scrape < 2; scrape++) {
        expect(sorted(await ours.metrics())).toEqual(sorted(await theirs.metrics()));
      }
    }),
    { numRuns: runs(50) },
  );
});

function registryOf(
  name: string,
  type: Family['type'],
  samples: ConstructorParameters<typeof Family>[1],
  content: ContentType = Registry.PROMETHEUS_CONTENT_TYPE,
) {
  const registry = registryOfType(content);
  (registry as PrometheusRegistry).registerMetric(new Family({ name, help: 'help', type }, samples, () => undefined));
  return registry;
}

/** Label order is nobody's business. */
function sorted(exposition: string): string[] {
  return exposition
    .split('\n')
    .map((line) => line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(',').toSorted().join()}}`))
    .toSorted();
}

async function jsonOf(registry: Registry): Promise<unknown> {
  const [metric] = (await registry.getMetricsAsJSON()) as unknown as { values: { exemplar?: unknown }[] }[];
  return { ...metric, values: metric!.values.map(({ exemplar: _, ...value }) => value) };
}

type ContentType = PrometheusContentType | OpenMetricsContentType;

/** prom-client's types hide that its constructor takes the type. */
function registryOfType(type: ContentType): Registry {
  const registry: Registry<ContentType> = new Registry<ContentType>();
  registry.setContentType(type);
  return registry as Registry;
}
