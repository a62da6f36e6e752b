import { camelCaseCodes } from '../core/status/code-names.js';
import type { CallEnd } from '../core/hooks.js';
import type { CallContext } from '../core/context.js';
import { exemplarOf } from './exemplar.js';
import type { Exemplar, Labels, Sample } from './exposition.js';
import { HistogramCounts } from './histogram.js';

/** How durations and examples are kept. */
export interface CountingRules {
  /** Upper bounds in seconds; undefined for no histogram. */
  readonly buckets: readonly number[] | undefined;
  readonly exemplars: boolean;
}

/** UNKNOWN: what gRPC makes of a code that is none. */
const UNKNOWN = 2;

/** Calls, or attempts, that started and how they ended. */
export class CallCounts {
  started = 0;
  private readonly handled = new Array<number>(camelCaseCodes.length).fill(0);
  private readonly examples: (Exemplar | undefined)[] = [];
  private readonly durations: HistogramCounts | undefined;
  private readonly exemplars: boolean;

  constructor({ buckets, exemplars }: CountingRules) {
    this.durations = buckets && new HistogramCounts(buckets);
    this.exemplars = exemplars;
  }

  end({ code, durationMs }: CallEnd, call: CallContext): void {
    const index = code in this.handled ? code : UNKNOWN;
    const seconds = durationMs / 1000;
    this.handled[index]!++;
    if (this.exemplars) this.examples[index] = exemplarOf(call, 1) ?? this.examples[index];
    this.durations?.observe(seconds, this.exemplars ? exemplarOf(call, seconds) : undefined);
  }

  /** By code; those that never were only where series are to start at zero. */
  handledSamples(labels: Labels, everyCode: boolean): Sample[] {
    return this.handled.flatMap((value, code) =>
      value > 0 || everyCode
        ? [{ labels: { ...labels, grpc_code: camelCaseCodes[code]! }, value, exemplar: this.examples[code] }]
        : [],
    );
  }

  durationSamples(name: string, labels: Labels): Sample[] {
    return this.durations?.samples(name, labels) ?? [];
  }

  resetHandled(): void {
    this.handled.fill(0);
    this.examples.length = 0;
  }

  resetDurations(): void {
    this.durations?.reset();
  }
}
