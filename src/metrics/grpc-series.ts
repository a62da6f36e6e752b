import type { Method } from '../core/method.js';
import { Running, type Place } from '../core/base/running.js';
import { CallCounts, type CountingRules } from './call-counts.js';
import type { Labels } from './exposition.js';
import type { Labelled } from './labels.js';

/** The numbers of one method with one combination of extra labels. */
export class GrpcSeries {
  readonly labels: Labels;
  readonly calls: CallCounts;
  /** Attempts of calls, counted apart: a call that was tried three times is one call. */
  readonly attempts: CallCounts;
  /** Show every code, though no call ended with it. */
  everyCode = false;
  readonly messages = new MessageCounts();

  constructor(method: Method, extra: Labelled['labels'], rules: CountingRules) {
    this.labels = { grpc_type: method.kind, grpc_service: method.service, grpc_method: method.name, ...extra };
    this.calls = new CallCounts(rules);
    this.attempts = new CallCounts(rules);
  }
}

/** What a running stream has counted, and how much of that a scrape has shown. */
export interface RunningStream {
  readonly received: number;
  readonly sent: number;
  readonly shown: { received: number; sent: number };
}

/** Messages of calls that are over, and of streams that are running. */
export class MessageCounts {
  private received = 0;
  private sent = 0;
  private readonly running = new Running<RunningStream>();

  begin(stream: RunningStream): Place<RunningStream> {
    return this.running.enter(stream);
  }

  end(received: number, sent: number, stream?: Place<RunningStream>): void {
    if (stream !== undefined) this.running.leave(stream);
    this.received += received;
    this.sent += sent;
  }

  get receivedSoFar(): number {
    let total = this.received;
    for (const stream of this.running) total += stream.shown.received = stream.received;
    return total;
  }

  get sentSoFar(): number {
    let total = this.sent;
    for (const stream of this.running) total += stream.shown.sent = stream.sent;
    return total;
  }

  resetReceived(): void {
    this.received -= this.receivedSoFar;
  }

  resetSent(): void {
    this.sent -= this.sentSoFar;
  }
}
