import { status } from '@grpc/grpc-js';
import { isAttempt } from '../core/client/client-call.js';
import type { CallContext, ClientCallContext } from '../core/context.js';
import type { CallEnd } from '../core/hooks.js';
import type { Method } from '../core/method.js';
import type { CountingRules } from './call-counts.js';
import { exemplarOf } from './exemplar.js';
import { Family, type Exemplar, type Labels, type Sample } from './exposition.js';
import { HistogramCounts } from './histogram.js';
import type { LabelSets, Labelled } from './labels.js';
import { SeriesStore } from './series-store.js';
import type { CallCounter, CountingHooks, Side, Style } from './style.js';

/** Two metrics by method and success or error, for a first dashboard; and two more where a client's call is an attempt. */
export class CompactStyle implements Style {
  readonly families: readonly Family[];
  private readonly calls: SeriesStore<CompactSeries>;
  private readonly attempts: SeriesStore<CompactSeries>;

  constructor(
    private readonly side: Side,
    readonly labelSets: LabelSets,
    private readonly rules: CountingRules,
  ) {
    const make = (method: Method, extra: Labelled['labels']): CompactSeries => new CompactSeries(method, extra, rules);
    this.calls = new SeriesStore(labelSets, make);
    this.attempts = new SeriesStore(labelSets, make);
    this.families = [
      ...this.pair('grpc_requests_total', 'grpc_request_duration_seconds', 'Calls', this.calls),
      ...(side === 'client'
        ? this.pair('grpc_request_attempts_total', 'grpc_request_attempt_duration_seconds', 'Attempts', this.attempts)
        : []),
    ];
  }

  counterFor(method: Method): CallCounter {
    const calls = this.calls.of(method);
    if (this.side === 'server') return (call, labelled) => new CompactRecord(calls.with(labelled), call);
    const attempts = this.attempts.of(method);
    return (call, labelled) =>
      new CompactRecord((isAttempt(call as ClientCallContext) ? attempts : calls).with(labelled), call);
  }

  startAtZero(method: Method): void {
    this.calls.of(method).with(this.labelSets.empty).show();
  }

  private pair(total: string, seconds: string, what: string, store: SeriesStore<CompactSeries>): Family[] {
    const outcomes = (): Outcome[] => store.every.flatMap((series) => series.shown);
    const families = [
      new Family(
        { name: total, type: 'counter', help: `${what}, by method and outcome.` },
        () => outcomes().map(({ labels, count, example }) => ({ labels, value: count, exemplar: example })),
        () => outcomes().forEach((outcome) => outcome.resetCount()),
      ),
    ];
    if (this.rules.buckets === undefined) return families;
    const durations = new Family(
      { name: seconds, type: 'histogram', help: `Seconds that ${what.toLowerCase()} took.` },
      () => outcomes().flatMap((outcome) => outcome.durationSamples(seconds)),
      () => outcomes().forEach((outcome) => outcome.durations?.reset()),
    );
    return [...families, durations];
  }
}

/** One method with one combination of extra labels. */
class CompactSeries {
  private readonly success: Outcome;
  private readonly error: Outcome;

  constructor({ path }: Method, extra: Labelled['labels'], rules: CountingRules) {
    this.success = new Outcome({ method: path, status: 'success', ...extra }, rules);
    this.error = new Outcome({ method: path, status: 'error', ...extra }, rules);
  }

  of(code: status): Outcome {
    return code === status.OK ? this.success : this.error;
  }

  show(): void {
    this.success.visible = this.error.visible = true;
  }

  /** As with prom-client's own metrics, there is no series before something was counted. */
  get shown(): Outcome[] {
    return [this.success, this.error].filter(({ visible }) => visible);
  }
}

class Outcome {
  count = 0;
  visible = false;
  example: Exemplar | undefined;
  readonly durations: HistogramCounts | undefined;

  constructor(
    readonly labels: Labels,
    private readonly rules: CountingRules,
  ) {
    this.durations = rules.buckets && new HistogramCounts(rules.buckets);
  }

  add(durationMs: number, call: CallContext): void {
    const seconds = durationMs / 1000;
    this.count++;
    this.visible = true;
    if (this.rules.exemplars) this.example = exemplarOf(call, 1) ?? this.example;
    this.durations?.observe(seconds, this.rules.exemplars ? exemplarOf(call, seconds) : undefined);
  }

  durationSamples(name: string): Sample[] {
    return this.durations?.samples(name, this.labels) ?? [];
  }

  resetCount(): void {
    this.count = 0;
    this.example = undefined;
  }
}

class CompactRecord implements CountingHooks {
  constructor(
    private readonly series: CompactSeries,
    private readonly call: CallContext,
  ) {}

  onEnd({ code, durationMs }: CallEnd): void {
    this.series.of(code).add(durationMs, this.call);
  }
}
