import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { follow } from '../api/follow.js';
import type { Refusal } from '../api/refusal.js';
import type { Metric } from '../api/services.js';
import { useCall } from '../api/use-call.js';
import { TimeChart, type Series } from '../chart/time-chart.js';
import { Notice } from '../parts/notice.js';
import { counted, money } from '../words.js';

const INTERVAL_MS = 1_000;

/** Five minutes of samples. */
const KEPT = 300;

/** By the names of the metrics. */
const MONEY: readonly Series[] = [
  { label: 'revenue', tone: 'accent' },
  { label: 'payments', tone: 'blue' },
  { label: 'refunds', tone: 'bad' },
];

const COUNTS: readonly Series[] = [
  { label: 'orders', tone: 'accent' },
  { label: 'events', tone: 'plum' },
];

const SHARES: readonly Series[] = [{ label: 'conversion', tone: 'ochre' }];

/** How the shop does: the last month as figures, and what changes while one looks. */
export function DashboardView() {
  const { answer, refusal } = useCall('analytics.AnalyticsService/GetDashboard', { days: 30, topProducts: 6 }).value;
  return (
    <div class="stack">
      <Notice refusal={refusal} />
      {answer && (
        <>
          <section class="sheet" aria-label="The last 30 days">
            <dl class="figures">
              <Figure name="Revenue, 30 days" value={money(answer.revenue)} />
              <Figure name="Orders" value={answer.orders.toLocaleString('en-US')} />
              <Figure name="Average order" value={money(answer.averageOrderValue)} />
              <Figure name="Visitors who ordered" value={`${answer.conversion.toFixed(1)} %`} />
            </dl>
          </section>
          <section class="sheet stack" aria-label="Top products">
            <h2>What sells</h2>
            <table>
              <tbody>
                {answer.topProducts.map(({ productId, productName, quantity, revenue }) => (
                  <tr key={productId}>
                    <th scope="row">{productName}</th>
                    <td class="bar-of" aria-hidden="true">
                      <i style={{ inlineSize: `${(revenue / answer.topProducts[0]!.revenue) * 100}%` }} />
                    </td>
                    <td class="number">{counted(quantity, 'piece')}</td>
                    <td class="number">{money(revenue)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
      <Metrics />
    </div>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Metrics() {
  const { times, valuesOf, refusal } = useMetrics();
  const count = (value: number) => Math.round(value).toLocaleString('en-US');
  const share = (value: number) => `${Math.round(value)} %`;
  return (
    <section class="sheet stack" aria-label="Metrics, live">
      <h2>As it happens</h2>
      <Notice refusal={refusal} />
      <div class="charts">
        <TimeChart title="Money" series={MONEY} times={times} values={valuesOf(MONEY)} format={money} />
        <TimeChart title="Counts" series={COUNTS} times={times} values={valuesOf(COUNTS)} format={count} />
        <TimeChart
          title="Visitors who ordered"
          series={SHARES}
          times={times}
          values={valuesOf(SHARES)}
          format={share}
        />
      </div>
    </section>
  );
}

interface Sample {
  readonly at: number;
  readonly values: Readonly<Record<string, number>>;
}

/** The metrics that the shop pushes, as samples in which each of them stands once. */
function useMetrics() {
  const samples = useSignal<readonly Sample[]>([]);
  const refusal = useSignal<Refusal | undefined>(undefined);
  useEffect(
    () =>
      follow(
        'analytics.AnalyticsService/StreamMetrics',
        () => ({ intervalMs: INTERVAL_MS }),
        (metric) => (samples.value = withMetric(samples.peek(), metric)),
        (problem) => (refusal.value = problem),
      ),
    [],
  );
  const complete = samples.value.slice(0, -1); // the last one is still being told
  return {
    times: complete.map(({ at }) => at),
    valuesOf: (series: readonly Series[]) =>
      series.map(({ label }) => complete.map(({ values }) => values[label] ?? 0)),
    refusal: refusal.value,
  };
}

/** A name that comes again begins the next sample. */
function withMetric(samples: readonly Sample[], { name, value, timestamp }: Metric): readonly Sample[] {
  const last = samples.at(-1);
  if (last === undefined || name in last.values) {
    return [...samples.slice(-KEPT), { at: Date.parse(timestamp ?? ''), values: { [name]: value } }];
  }
  return [...samples.slice(0, -1), { ...last, values: { ...last.values, [name]: value } }];
}
