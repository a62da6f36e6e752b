import type { CallContext } from '../core/context.js';
import type { CallEnd } from '../core/hooks.js';
import type { Place } from '../core/base/running.js';
import type { CallCounts } from './call-counts.js';
import type { GrpcSeries, RunningStream } from './grpc-series.js';
import type { MethodSeries } from './series-store.js';

/** Counts one call with one message each way. */
export class CallRecord {
  constructor(
    private readonly method: MethodSeries<GrpcSeries>,
    protected readonly series: GrpcSeries,
    private readonly call: CallContext,
  ) {
    method.inFlight++;
    series.calls.started++;
  }

  onEnd(end: CallEnd): void {
    this.method.inFlight--;
    this.series.calls.end(end, this.call);
    this.countMessages(end);
  }

  protected countMessages({ received, sent }: CallEnd): void {
    this.series.messages.end(received, sent);
  }
}

/**
 * Counts one stream, message by message, so that a long one shows while it runs. What the end says is what counts: a
 * message that could not be serialised was never sent. But no counter may fall below what a scrape has shown.
 */
abstract class StreamRecord extends CallRecord implements RunningStream {
  received = 0;
  sent = 0;
  readonly shown = { received: 0, sent: 0 };
  private readonly place: Place<RunningStream>;

  constructor(method: MethodSeries<GrpcSeries>, series: GrpcSeries, call: CallContext) {
    super(method, series, call);
    this.place = series.messages.begin(this);
  }

  abstract onRequest(): void;
  abstract onResponse(): void;

  protected override countMessages({ received, sent }: CallEnd): void {
    const { shown, series, place } = this;
    series.messages.end(Math.max(received, shown.received), Math.max(sent, shown.sent), place);
  }
}

/** A stream as the server sees it. */
export class ServerStreamRecord extends StreamRecord {
  onRequest(): void {
    this.received++;
  }

  onResponse(): void {
    this.sent++;
  }
}

/** A stream as the client sees it. */
export class ClientStreamRecord extends StreamRecord {
  onRequest(): void {
    this.sent++;
  }

  onResponse(): void {
    this.received++;
  }
}

/** Counts one attempt of a call. */
export class AttemptRecord {
  constructor(
    private readonly attempts: CallCounts,
    private readonly call: CallContext,
  ) {
    attempts.started++;
  }

  onEnd(end: CallEnd): void {
    this.attempts.end(end, this.call);
  }
}
