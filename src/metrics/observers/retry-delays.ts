import type { Method } from '../../core/method.js';
import { Family, type Labels } from '../exposition.js';
import { DEFAULT_BUCKETS, HistogramCounts } from '../histogram.js';
import { methodLabels, observed } from './method-labels.js';

const NAME = 'grpc_client_retry_delay_seconds';

/** A server that says when to come back may well say half a minute. */
const BUCKETS = [...DEFAULT_BUCKETS, 30, 60];

interface Delays {
  readonly labels: Labels;
  readonly counts: HistogramCounts;
}

/** How long calls waited between their attempts: gRFC A96's `grpc.client.call.retry_delay`. */
export class RetryDelays {
  readonly family: Family;
  private readonly methods = new Map<string, Delays>();

  constructor() {
    const help =
      'Seconds that calls with retries spent waiting between their attempts; those without wait are left out.';
    this.family = new Family(
      { name: NAME, help, type: 'histogram' },
      () => [...this.methods.values()].flatMap(({ labels, counts }) => counts.samples(NAME, labels)),
      () => this.methods.forEach(({ counts }) => counts.reset()),
    );
  }

  /** A96 does not report a delay of zero, which is that of nearly every call. */
  add(method: Method, delayMs: number): void {
    if (delayMs > 0) this.of(method).observe(delayMs / 1_000);
  }

  private of(method: Method): HistogramCounts {
    const { path } = observed.of(method);
    const found = this.methods.get(path);
    if (found !== undefined) return found.counts;
    const counts = new HistogramCounts(BUCKETS);
    this.methods.set(path, { labels: methodLabels(method), counts });
    return counts;
  }
}
