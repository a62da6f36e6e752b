import { isAttempt } from '../core/client/client-call.js';
import type { ClientCallContext } from '../core/context.js';
import type { Method } from '../core/method.js';
import type { CountingRules } from './call-counts.js';
import { Family, type FamilyDescription, type Sample } from './exposition.js';
import { AttemptRecord, CallRecord, ClientStreamRecord, ServerStreamRecord } from './grpc-records.js';
import { GrpcSeries } from './grpc-series.js';
import type { LabelSets } from './labels.js';
import { SeriesStore } from './series-store.js';
import type { CallCounter, Side, Style } from './style.js';

/**
 * The names, types and labels of go-grpc-prometheus, so that its dashboards and alerts work; with the gauge of running
 * calls that it lacks and, on a client, attempts under names of their own.
 */
export class GrpcPrometheusStyle implements Style {
  readonly families: readonly Family[];
  private readonly store: SeriesStore<GrpcSeries>;

  constructor(
    private readonly side: Side,
    readonly labelSets: LabelSets,
    rules: CountingRules,
  ) {
    this.store = new SeriesStore(labelSets, (method, extra) => new GrpcSeries(method, extra, rules));
    this.families = [
      ...this.callFamilies(rules),
      ...this.messageFamilies(),
      this.inFlight(),
      ...(side === 'client' ? this.attemptFamilies(rules) : []),
    ];
  }

  counterFor(method: Method): CallCounter {
    const series = this.store.of(method);
    const Stream = this.side === 'server' ? ServerStreamRecord : ClientStreamRecord;
    const Record = method.kind === 'unary' ? CallRecord : Stream;
    if (this.side === 'server') return (call, labelled) => new Record(series, series.with(labelled), call);
    return (call, labelled) => {
      const own = series.with(labelled);
      return isAttempt(call as ClientCallContext)
        ? new AttemptRecord(own.attempts, call)
        : new Record(series, own, call);
    };
  }

  startAtZero(method: Method): void {
    this.store.of(method).with(this.labelSets.empty).everyCode = true;
  }

  private callFamilies({ buckets }: CountingRules): Family[] {
    const { side } = this;
    const seconds = `grpc_${side}_handling_seconds`;
    return [
      this.family(
        { name: `grpc_${side}_started_total`, type: 'counter', help: `Calls that began on the ${side}.` },
        ({ labels, calls }) => [{ labels, value: calls.started }],
        ({ calls }) => (calls.started = 0),
      ),
      this.family(
        { name: `grpc_${side}_handled_total`, type: 'counter', help: `Calls that ended on the ${side}, by code.` },
        ({ labels, calls, everyCode }) => calls.handledSamples(labels, everyCode),
        ({ calls }) => calls.resetHandled(),
      ),
      ...this.histogram(buckets, seconds, `Seconds that calls took on the ${side}, whatever their end.`, 'calls'),
    ];
  }

  private messageFamilies(): Family[] {
    const { side } = this;
    return [
      this.family(
        { name: `grpc_${side}_msg_received_total`, type: 'counter', help: `Messages that the ${side} received.` },
        ({ labels, messages }) => [{ labels, value: messages.receivedSoFar }],
        ({ messages }) => messages.resetReceived(),
      ),
      this.family(
        { name: `grpc_${side}_msg_sent_total`, type: 'counter', help: `Messages that the ${side} sent.` },
        ({ labels, messages }) => [{ labels, value: messages.sentSoFar }],
        ({ messages }) => messages.resetSent(),
      ),
    ];
  }

  /** It has no extra labels, and a reset leaves it alone: the calls still run. */
  private inFlight(): Family {
    const { side, store } = this;
    const samples = (): Sample[] =>
      store.everyMethod.map(({ method: { kind, service, name }, inFlight }) => ({
        labels: { grpc_type: kind, grpc_service: service, grpc_method: name },
        value: inFlight,
      }));
    const help = `Calls that are running on the ${side}.`;
    return new Family({ name: `grpc_${side}_in_flight`, type: 'gauge', help }, samples, () => undefined);
  }

  private attemptFamilies({ buckets }: CountingRules): Family[] {
    const seen = ({ attempts }: GrpcSeries): boolean => attempts.started > 0;
    const help = 'Attempts of calls inside a retry';
    return [
      this.family(
        { name: 'grpc_client_attempt_started_total', type: 'counter', help: `${help} that began.` },
        (series) => (seen(series) ? [{ labels: series.labels, value: series.attempts.started }] : []),
        ({ attempts }) => (attempts.started = 0),
      ),
      this.family(
        { name: 'grpc_client_attempt_handled_total', type: 'counter', help: `${help} that ended, by code.` },
        ({ labels, attempts }) => attempts.handledSamples(labels, false),
        ({ attempts }) => attempts.resetHandled(),
      ),
      ...this.histogram(
        buckets,
        'grpc_client_attempt_handling_seconds',
        `Seconds that attempts of calls took.`,
        'attempts',
      ),
    ];
  }

  private histogram(buckets: CountingRules['buckets'], name: string, help: string, of: 'calls' | 'attempts'): Family[] {
    if (buckets === undefined) return [];
    const seen = (series: GrpcSeries): boolean => of === 'calls' || series.attempts.started > 0;
    return [
      this.family(
        { name, type: 'histogram', help },
        (series) => (seen(series) ? series[of].durationSamples(name, series.labels) : []),
        (series) => series[of].resetDurations(),
      ),
    ];
  }

  private family(
    description: FamilyDescription,
    samples: (series: GrpcSeries) => Sample[],
    reset: (series: GrpcSeries) => void,
  ): Family {
    const { store } = this;
    return new Family(
      description,
      () => store.every.flatMap(samples),
      () => store.every.forEach(reset),
    );
  }
}
