import { status } from '@grpc/grpc-js';

/** The upper bound of the first bucket of a latency, and how much wider each next one is. */
const FIRST_MS = 0.1;
const GROWTH = 1.2;
/** The last bucket begins at about three minutes. */
const BUCKETS = 80;

/** The codes that OpenTelemetry calls a server's fault, and the one by which a server protects itself. */
const FAILURES = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
  status.RESOURCE_EXHAUSTED,
]);

/** Calls that were counted: of bounded size whatever their number, and fit to travel and to be summed up. */
export interface Counts {
  readonly calls: number;
  readonly failed: number;
  /** Attempts beyond the first of their call. */
  readonly retries: number;
  /** How many took how long. */
  readonly latencies: readonly number[];
}

/** Counts calls. */
export class Tally implements Counts {
  calls = 0;
  failed = 0;
  retries = 0;
  readonly latencies = new Array<number>(BUCKETS).fill(0);

  add(code: status, durationMs: number, isRetry = false): void {
    this.calls++;
    if (FAILURES.has(code)) this.failed++;
    if (isRetry) this.retries++;
    this.latencies[bucketOf(durationMs)]!++;
  }

  addAll({ calls, failed, retries, latencies }: Counts): void {
    this.calls += calls;
    this.failed += failed;
    this.retries += retries;
    latencies.forEach((count, bucket) => (this.latencies[bucket]! += count));
  }
}

/** What a share of the calls did not exceed, give or take a tenth: `quantile(counts, 0.99)`; 0 where there were none. */
export function quantile({ calls, latencies }: Counts, share: number): number {
  let left = calls * share;
  if (left === 0) return 0;
  const bucket = latencies.findIndex((count) => (left -= count) <= 0);
  return FIRST_MS * GROWTH ** (bucket - 0.5);
}

function bucketOf(durationMs: number): number {
  if (durationMs <= FIRST_MS) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(durationMs / FIRST_MS) / Math.log(GROWTH)));
}
