import { TimeChart, type Series } from '../chart/time-chart.js';
import { milliseconds, rate } from '../words.js';
import { marks, samples, type Sample } from './effects.js';

const WINDOW_MS = 90_000;

interface Chart {
  readonly title: string;
  readonly format: (value: number) => string;
  readonly whole?: boolean;
  readonly series: readonly (Series & { readonly of: (sample: Sample) => number })[];
}

const CHARTS: readonly Chart[] = [
  {
    title: 'Calls that reach a service',
    format: rate,
    series: [
      { label: 'calls', tone: 'accent', of: ({ calls }) => calls },
      { label: 'errors', tone: 'bad', of: ({ errors }) => errors },
    ],
  },
  {
    title: 'What the middleware does about it',
    format: rate,
    series: [
      { label: 'retried', tone: 'blue', of: ({ retries }) => retries },
      { label: 'refused', tone: 'ochre', of: ({ refused }) => refused },
    ],
  },
  {
    title: 'The slowest of a hundred',
    format: milliseconds,
    series: [{ label: 'p99', tone: 'plum', of: ({ p99Ms }) => p99Ms }],
  },
  {
    title: 'Circuit breakers that are not closed',
    format: String,
    whole: true,
    series: [{ label: 'open', tone: 'bad', of: ({ openBreakers }) => openBreakers }],
  },
];

/** What was done, as marks, and what came of it, on one axis of time. */
export function EffectCharts() {
  const times = samples.value.map(({ at }) => at);
  return (
    <section class="sheet effects" aria-label="What it does">
      {CHARTS.map(({ title, series, format, whole = false }) => (
        <TimeChart
          key={title}
          title={title}
          series={series}
          times={times}
          values={series.map(({ of }) => samples.value.map(of))}
          format={format}
          whole={whole}
          marks={marks.value}
          windowMs={WINDOW_MS}
          sync="effects"
        />
      ))}
    </section>
  );
}
