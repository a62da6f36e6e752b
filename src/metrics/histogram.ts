import type { Exemplar, Labels, Sample } from './exposition.js';

/** Go's `prometheus.DefBuckets`, which prom-client has too, in seconds. */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Durations counted by bucket. */
export class HistogramCounts {
  private sum = 0;
  /** Not cumulative; the last one is for what is beyond all bounds. */
  private readonly counts: number[];
  private readonly exemplars: (Exemplar | undefined)[] = [];

  /** @param bounds Upper bounds in ascending order, inclusive. */
  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number, exemplar?: Exemplar): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
    if (exemplar !== undefined) this.exemplars[bucket] = exemplar;
  }

  samples(name: string, labels: Labels): Sample[] {
    let count = 0;
    const buckets = this.counts.map((inBucket, index) => {
      count += inBucket;
      const le = this.bounds[index] ?? '+Inf';
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count, exemplar: this.exemplars[index] };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }

  reset(): void {
    this.counts.fill(0);
    this.sum = 0;
    this.exemplars.length = 0;
  }
}
