import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import type { PeerCertificate } from 'node:tls';
import { contextSymbol, tryCallContext, type HandlerCall, type ServerCallContext } from './context.js';
import type { ContextKey } from './context-key.js';
import { baseCallOf, streamOf, withoutCause, type GrpcServerCall } from './grpc-internals.js';
import type { CallEnd, EndOrigin } from './hooks.js';
import type { Method } from './method.js';
import { peerCertificateOf } from './peer-certificate.js';
import { reportHookFailure } from './report.js';
import type { ServerPass } from './server-call.js';
import { StatusError, isStatusError, toStatusObject } from './status-error.js';
import { timerAt, TIMER_SLACK_MS, type Timer } from './timer.js';
import { isStatusCode, wireHeaders, type OutgoingStatus } from './wire-status.js';

/** Codes of the statuses that grpc-js makes by itself, below all interceptors (deadlines aside). */
const INVENTED: readonly unknown[] = [status.INTERNAL, status.RESOURCE_EXHAUSTED, status.UNIMPLEMENTED];

/** What a handler answered after its call was over. */
export type LateResult = { readonly message: unknown } | { readonly status: OutgoingStatus };

/**
 * One call on the server: what interceptors and handlers know of it, and its one end. The passes over it (one, unless
 * foreign interceptors stand between ours) hand it statuses; it sees what is really sent and tells every hook.
 */
export class ServerCall implements ServerCallContext {
  readonly startedAt = Date.now();
  metadata!: Metadata;
  deadline: number;
  received = 0;
  sent = 0;
  /** A status was chosen, by whomever: nothing more can be sent. */
  concluded = false;
  /** The handler awaits its messages (`implement`), so its scopes need not be entered again for each. */
  managed = false;
  /** The passes over this call, outermost first. */
  readonly passes: ServerPass[] = [];
  /** Who chose the status that is on its way. */
  via: EndOrigin | undefined;
  /** An interceptor answers in the handler's place. */
  answered = false;

  private readonly base: GrpcServerCall;
  private readonly sendBase: (status: OutgoingStatus) => void;
  private readonly startedTicks = performance.now();
  private ended = false;
  private sending = false;
  private chosen: StatusObject | undefined;
  private pending: { readonly status: OutgoingStatus; readonly origin: EndOrigin } | undefined;
  private thrown: unknown;
  private stopReason: StatusError | undefined;
  private lateListener: ((result: LateResult) => void) | undefined;
  private stopListeners: (() => void)[] | undefined;
  private controller: AbortController | undefined;
  private timer: Timer | undefined;
  private values: Map<ContextKey<unknown>, unknown> | undefined;
  private headers: Metadata | undefined;
  private trailers: Metadata | undefined;

  /** The context of the call that this layer belongs to: made by the first layer that asks. */
  static of(method: Method, call: GrpcServerCall): ServerCall {
    const carrier = call.getMetricsRecorder() as { [contextSymbol]?: ServerCall };
    return (carrier[contextSymbol] ??= new ServerCall(method, baseCallOf(call)));
  }

  private constructor(
    readonly method: Method,
    base: GrpcServerCall,
  ) {
    this.base = base;
    this.deadline = Number(base.getDeadline());
    this.sendBase = base.sendStatus.bind(base);
    base.sendStatus = (status) => this.observe(status);
  }

  get peer(): string {
    // Captured when the call arrived; getPeer() forgets it once the connection is gone.
    const { remoteAddress, remotePort } = this.base.getConnectionInfo();
    if (remoteAddress === undefined) return this.base.getPeer();
    return remotePort === undefined ? remoteAddress : `${remoteAddress}:${remotePort}`;
  }

  get authority(): string {
    return this.base.getHost();
  }

  get peerCertificate(): PeerCertificate | undefined {
    return peerCertificateOf(this.base);
  }

  get previousAttempts(): number {
    const attempts = Number(this.metadata.get('grpc-previous-rpc-attempts')[0] ?? 0);
    return Number.isInteger(attempts) && attempts > 0 ? attempts : 0;
  }

  get responseHeaders(): Metadata {
    return (this.headers ??= new Metadata());
  }

  get responseTrailers(): Metadata {
    return (this.trailers ??= new Metadata());
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.stopReason !== undefined) this.controller.abort(this.stopReason);
    }
    return this.controller.signal;
  }

  get<T>(key: ContextKey<T>): T {
    const { values } = this;
    if (values === undefined) return key.defaultValue;
    const value = values.get(key);
    return value === undefined && !values.has(key) ? key.defaultValue : (value as T);
  }

  set<T>(key: ContextKey<T>, value: T): void {
    (this.values ??= new Map()).set(key, value);
  }

  limitDeadline(epochMs: number): void {
    if (!(epochMs < this.deadline) || this.concluded) return;
    this.deadline = epochMs;
    this.timer?.cancel();
    if (epochMs <= Date.now()) this.expire();
    else this.timer = timerAt(epochMs, () => this.expire());
  }

  sendHeaders(): void {
    this.passes.at(-1)?.sendMetadata(new Metadata());
  }

  end(error: StatusError): void {
    if (this.concluded) return;
    this.thrown ??= error;
    this.via = 'interceptor';
    this.passes.at(-1)?.conclude(toStatusObject(error));
  }

  /** What to send for what a handler threw; remembered as the error of the call's end. */
  fail(error: unknown): StatusObject {
    const pass = this.passes.at(-1);
    const failure = pass === undefined ? StatusError.from(error) : this.translate(error, pass.index, pass.hooks.length);
    return toStatusObject(failure);
  }

  /** Remembers what was thrown after the call had ended, or beside its status. The first one counts. */
  noteError(error: unknown): void {
    this.thrown ??= error;
    if (this.concluded) this.late({ status: toStatusObject(StatusError.from(error)) });
  }

  /** Calls once when the call is concluded by anything but its handler; at once if it was. */
  onConclude(listener: () => void): void {
    if (this.stopReason !== undefined) listener();
    else (this.stopListeners ??= []).push(listener);
  }

  /**
   * Hears what the handler answers after the call was concluded without it: its message (unary: then it is done), or its
   * status. No hook sees that; it happened nonetheless, and who guards against doing it twice wants to know.
   */
  onLateResult(listener: (result: LateResult) => void): void {
    this.lateListener = listener;
  }

  /** The handler answered though the call is over. */
  late(result: LateResult): void {
    const listener = this.lateListener;
    if (listener === undefined || this.via === 'handler') return;
    this.lateListener = undefined;
    listener(result);
  }

  /** Sends this message and OK instead of running the handler: for `onRequest`, whose message then goes no further. */
  answer(message: unknown): void {
    const pass = this.passes.at(-1);
    if (this.concluded || this.answered || pass === undefined) return;
    this.answered = true;
    pass.sendMessage(message, () => {
      this.via = 'interceptor';
      pass.conclude({ code: status.OK, details: 'OK', metadata: new Metadata() });
    });
  }

  /**
   * Each `onError`, from the hook just outside `below` of a pass outwards, may translate what was thrown. What no hook
   * made a {@link StatusError} of becomes UNKNOWN, without its message.
   */
  translate(error: unknown, passIndex: number, below: number): StatusError {
    this.thrown ??= error;
    let current = error;
    for (let p = passIndex; p >= 0; p--) {
      const { hooks } = this.passes[p]!;
      for (let i = (p === passIndex ? below : hooks.length) - 1; i >= 0; i--) {
        const hook = hooks[i]!;
        if (hook.onError === undefined) continue;
        try {
          current = hook.onError(current) ?? current;
        } catch (thrown) {
          current = thrown;
        }
      }
    }
    return isStatusError(current) ? current : StatusError.from(current);
  }

  /** Response headers to add to those that a handler sends, if any were set. */
  withHeaders(metadata: Metadata): Metadata {
    return wireHeaders(merged(metadata, this.headers));
  }

  withTrailers(metadata: Metadata): Metadata {
    return this.trailers === undefined ? metadata : wireHeaders(merged(metadata, this.trailers));
  }

  get hasHeaders(): boolean {
    return this.headers !== undefined;
  }

  /**
   * The stream is closed though we sent no end: the client reset it, and a half-close that was read just before is no
   * finished upload.
   */
  get resetByClient(): boolean {
    const stream = streamOf(this.base);
    return stream !== undefined && (stream.closed || stream.destroyed || stream.aborted);
  }

  /** The outermost pass is about to hand this status to the wire. */
  choose(status: StatusObject): void {
    this.chosen = status;
  }

  /** The outermost pass writes a message: a status that grpc-js invents meanwhile says that it could not. */
  write(nextCall: GrpcServerCall, message: unknown, callback: () => void): void {
    this.sent++;
    this.sending = true;
    try {
      nextCall.sendMessage(message, callback);
    } finally {
      this.sending = false;
    }
  }

  /** grpc-js says that the call is over, as it does after every end; only now is a call without a status known to be cancelled. */
  closed(): void {
    if (this.ended) return;
    if (this.pending !== undefined && streamOf(this.base)?.sentTrailers !== undefined) {
      this.finish(this.pending.status, this.pending.origin);
      return;
    }
    const expired = Date.now() >= this.deadline && !this.concluded;
    const error = expired
      ? new StatusError(status.DEADLINE_EXCEEDED, 'Deadline exceeded')
      : new StatusError(status.CANCELLED, 'Cancelled');
    this.concluded = true;
    this.stop(error);
    this.finish(error, expired ? 'deadline' : 'cancelled');
  }

  private expire(): void {
    if (this.concluded) return;
    this.via = 'deadline';
    this.chosen = { code: status.DEADLINE_EXCEEDED, details: 'Deadline exceeded', metadata: new Metadata() };
    this.base.sendStatus(this.chosen);
  }

  /** Every status that leaves, from us or from grpc-js itself, passes here on its way to the wire. */
  private observe(given: OutgoingStatus): void {
    if (this.concluded) {
      this.observeAnother(given);
      return;
    }
    const origin = this.originOf(given);
    if (origin === 'transport') {
      given = withoutCause(given);
      if (this.sending) this.sent--;
    }
    this.concluded = true;
    const stream = streamOf(this.base);
    const gone = stream !== undefined && (stream.destroyed || stream.closed);
    const trailersFollow = stream?.headersSent === true;
    if (trailersFollow && !gone) this.pending = { status: given, origin };
    this.send(given);
    if (gone) {
      this.closed();
      return;
    }
    if (origin !== 'handler') this.stop(errorOf(given));
    if (!trailersFollow) this.finish(given, origin);
  }

  /** The first status still waits for a client that does not read. An expiry meanwhile is what the client sees too. */
  private observeAnother(given: OutgoingStatus): void {
    const expired = !this.ended && given.code === status.DEADLINE_EXCEEDED;
    this.send(given);
    if (!expired) return;
    this.stop(errorOf(given));
    this.finish(given, 'deadline');
  }

  private send(given: OutgoingStatus): void {
    try {
      this.sendBase(given);
    } catch (error) {
      reportHookFailure('grpc-js', 'sendStatus', error);
      this.sendBase({ code: isStatusCode(given.code) ? given.code : status.UNKNOWN, details: '', metadata: null });
    }
  }

  private originOf(given: OutgoingStatus): EndOrigin {
    if (given === this.chosen && this.via !== undefined) return this.via;
    if (given.code === status.DEADLINE_EXCEEDED && Date.now() >= this.deadline - TIMER_SLACK_MS) return 'deadline';
    return INVENTED.includes(given.code) ? 'transport' : 'interceptor';
  }

  /** Whatever the handler still does is in vain. */
  private stop(reason: StatusError): void {
    if (this.stopReason !== undefined) return;
    this.stopReason = reason;
    this.controller?.abort(reason);
    const listeners = this.stopListeners;
    this.stopListeners = undefined;
    listeners?.forEach((listener) => listener());
  }

  private finish(given: OutgoingStatus, origin: EndOrigin): void {
    this.ended = true;
    this.timer?.cancel();
    this.stopListeners = undefined;
    const end: CallEnd = {
      code: given.code as status,
      details: String(given.details),
      durationMs: performance.now() - this.startedTicks,
      received: this.received,
      sent: this.sent,
      error: this.thrown,
      origin,
    };
    for (let p = this.passes.length - 1; p >= 0; p--) this.passes[p]!.finish(end);
  }
}

/** The internals of a context that a server call carries. */
export function serverCallOf(call: HandlerCall): ServerCall | undefined {
  return tryCallContext(call) as ServerCall | undefined;
}

/** Answers a call in its handler's place; see {@link ServerCall.answer}. */
export function answerCall(call: ServerCallContext, message: unknown): void {
  (call as ServerCall).answer(message);
}

/** See {@link ServerCall.onLateResult}. */
export function onLateResult(call: ServerCallContext, listener: (result: LateResult) => void): void {
  (call as ServerCall).onLateResult(listener);
}

function errorOf({ code, details }: OutgoingStatus): StatusError {
  return new StatusError(code as status, String(details));
}

/** The two together, leaving both as they are: either may be the application's own object. */
function merged(metadata: Metadata, extra: Metadata | undefined): Metadata {
  if (extra === undefined) return metadata;
  const both = metadata.clone();
  both.merge(extra);
  return both;
}
