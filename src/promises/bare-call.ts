import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { isRecentCall } from '../core/base/grpc-js-copy.js';
import { contextSymbol, type ServerCallContext } from '../core/context.js';
import type { ContextKey } from '../core/context-key.js';
import type { Method } from '../core/method.js';
import { StatusError, toStatusObject } from '../core/status/status-error.js';
import { ticksAt, timerAt, type Timer } from '../core/base/timer.js';
import { wireStatus } from '../core/status/wire-status.js';
import type { HandledCall, SurfaceCall } from './handled-call.js';

/**
 * The context of a call whose server lists no interceptor of ours: made from what grpc-js shows a handler. Handlers
 * work as everywhere else; what a handler alone cannot know (the verified certificate, a deadline that passes while the
 * client does not read) is missing.
 */
export class BareCall implements HandledCall {
  readonly startedAt = Date.now();
  readonly metadata: Metadata;
  readonly peer: string;
  readonly authority: string;
  readonly previousAttempts: number;
  readonly peerCertificate = undefined;
  readonly responseHeaders = new Metadata();
  readonly responseTrailers = new Metadata();
  deadline: number;
  concluded = false;
  managed = true;
  /** Sends a status in the handler's place; set by whoever runs the handler. */
  refuse: (refusal: StatusObject) => void = () => undefined;

  private readonly controller = new AbortController();
  private readonly values = new Map<ContextKey<unknown>, unknown>();
  private deadlineTicks: number;
  private headersSent = false;
  private timer: Timer | undefined;

  constructor(
    readonly method: Method,
    private readonly call: SurfaceCall,
  ) {
    this.metadata = call.metadata;
    this.peer = call.getPeer();
    this.authority = call.getHost();
    this.deadline = Number(call.getDeadline());
    this.deadlineTicks = ticksAt(this.deadline);
    const attempts = Number(call.metadata.get('grpc-previous-rpc-attempts')[0] ?? 0);
    this.previousAttempts = Number.isInteger(attempts) && attempts > 0 ? attempts : 0;
    if (isRecentCall(call))
      (call.getMetricsRecorder() as { [contextSymbol]?: ServerCallContext })[contextSymbol] = this;
    // grpc-js says so after every end; only the first end counts.
    call.once('cancelled', () => {
      this.stop(
        performance.now() >= this.deadlineTicks
          ? new StatusError(status.DEADLINE_EXCEEDED, 'Deadline exceeded')
          : new StatusError(status.CANCELLED, 'Cancelled'),
      );
    });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get<T>(key: ContextKey<T>): T {
    return (this.values.has(key) ? this.values.get(key) : key.defaultValue) as T;
  }

  set<T>(key: ContextKey<T>, value: T): void {
    this.values.set(key, value);
  }

  limitDeadline(epochMs: number): void {
    if (!(epochMs < this.deadline) || this.concluded) return;
    this.deadline = epochMs;
    this.deadlineTicks = ticksAt(epochMs);
    this.timer?.cancel();
    this.timer = timerAt(epochMs, () => this.end(new StatusError(status.DEADLINE_EXCEEDED, 'Deadline exceeded')));
  }

  sendHeaders(): void {
    if (this.headersSent) return;
    this.headersSent = true;
    this.call.sendMetadata(sendable(this.responseHeaders));
  }

  end(error: StatusError): void {
    if (this.concluded) return;
    this.refuse(toStatusObject(error));
    this.controller.abort(error);
  }

  fail(error: unknown): StatusObject {
    return toStatusObject(StatusError.from(error));
  }

  noteError(): void {
    // There is no end of the call that anybody is told of.
  }

  handlerDone(): void {
    // Without interceptors, nothing waits for it.
  }

  handlerSettled(): void {
    // Without interceptors, nothing waits for it.
  }

  onConclude(listener: () => void): void {
    if (this.signal.aborted) listener();
    else this.signal.addEventListener('abort', listener, { once: true });
  }

  /** The trailers to send, those of an error included. */
  trailers(error?: StatusObject): Metadata {
    const all = error?.metadata.clone() ?? new Metadata();
    all.merge(this.responseTrailers);
    return sendable(all);
  }

  /** A status is on its way. */
  conclude(): void {
    this.concluded = true;
    this.timer?.cancel();
  }

  private stop(reason: StatusError): void {
    if (this.concluded) return;
    this.conclude();
    this.controller.abort(reason);
  }
}

/** Without what HTTP/2 throws on. */
function sendable(metadata: Metadata): Metadata {
  return wireStatus({ code: status.OK, details: '', metadata }).metadata;
}
