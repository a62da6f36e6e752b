import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import type { PeerCertificate } from 'node:tls';
import { contextSymbol, tryCallContext, type HandlerCall, type ServerCallContext } from '../context.js';
import type { ContextKey } from '../context-key.js';
import { EndedCall } from './ended-call.js';
import { baseCallOf, peerOf, type GrpcServerCall } from './grpc-server-internals.js';
import type { CallEnd, ServerHooks } from '../hooks.js';
import type { HookChain } from '../pass/hook-chain.js';
import type { Method } from '../method.js';
import { peerCertificateOf } from './peer-certificate.js';
import { ServerLife, type LivingCall } from './server-life.js';
import { ServerMoments, type LateResult } from './server-moments.js';
import { translated } from './translate-error.js';
import { StatusError, toStatusObject } from '../status/status-error.js';
import { timerAt, type Timer } from '../base/timer.js';
import { wireHeaders, type OutgoingStatus } from '../status/wire-status.js';

/** What a call needs of each pass over it. */
export interface ServerLayer {
  /** Position among the passes of the call; 0 is the outermost. */
  readonly index: number;
  readonly chain: HookChain<ServerCallContext, ServerHooks>;
  /** Sends a status through the hooks outside `below`, and from there on to the wire. */
  conclude(given: OutgoingStatus, below?: number): void;
  sendMetadata(metadata: Metadata): void;
  sendMessage(message: unknown, callback: () => void): void;
}

const NO_PASSES: readonly never[] = [];

/**
 * One call on the server, as interceptors and handlers know it. The passes over it (one, unless foreign interceptors stand
 * between ours) share it, and it tells all their hooks how it ended.
 */
export class ServerCall extends ServerMoments implements ServerCallContext, LivingCall {
  readonly startedAt = Date.now();
  metadata!: Metadata;
  deadline: number;
  received = 0;
  sent = 0;
  /** The handler awaits its messages (`implement`), so its scopes need not be entered again for each. */
  managed = false;
  /** An interceptor answers in the handler's place. */
  answered = false;
  /** The passes over this call, outermost first. */
  passes: readonly ServerLayer[] = NO_PASSES;
  readonly life: ServerLife;
  /** How the call ended, once that is known. */
  ended: CallEnd | undefined;

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
    private base: GrpcServerCall,
  ) {
    super();
    this.deadline = Number(base.getDeadline());
    this.life = new ServerLife(base, this, this.deadline);
  }

  /** Another pass over this call, further in than those before; answers its position. */
  enter(pass: ServerLayer): number {
    this.passes = this.passes.length === 0 ? [pass] : [...this.passes, pass];
    return this.passes.length - 1;
  }

  get peer(): string {
    // Captured when the call arrived; getPeer() forgets it once the connection is gone.
    return peerOf(this.base.getConnectionInfo()) ?? this.base.getPeer();
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
    return this.life.stopped.signal;
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
    this.life.moveDeadline(epochMs);
    this.timer?.cancel();
    if (epochMs <= Date.now()) this.life.expire();
    else this.timer = timerAt(epochMs, () => this.life.expire());
  }

  sendHeaders(): void {
    this.passes.at(-1)?.sendMetadata(new Metadata());
  }

  end(error: StatusError): void {
    const pass = this.passes.at(-1);
    if (this.concluded || pass === undefined) return;
    this.life.note(error);
    this.life.choose('interceptor');
    pass.conclude(toStatusObject(error));
  }

  /** What to send for what a handler threw; remembered as the error of the call's end. */
  fail(error: unknown): StatusObject {
    const pass = this.passes.at(-1);
    const failure = pass === undefined ? StatusError.from(error) : this.translate(error, pass.index);
    return toStatusObject(failure);
  }

  /** Remembers what was thrown after the call had ended, or beside its status. The first one counts. */
  noteError(error: unknown): void {
    this.life.note(error);
    if (this.concluded) this.late({ status: toStatusObject(StatusError.from(error)) });
  }

  /** Calls once when the call is concluded by anything but its handler; at once if it was. */
  onConclude(listener: () => void): void {
    this.life.stopped.onStop(listener);
  }

  /** Sends this message and OK instead of running the handler: for `onRequest`, whose message then goes no further. */
  answer(message: unknown): void {
    const pass = this.passes.at(-1);
    if (this.concluded || this.answered || pass === undefined) return;
    this.answered = true;
    pass.sendMessage(message, () => {
      if (!this.life.choose('interceptor')) return;
      pass.conclude({ code: status.OK, details: 'OK', metadata: new Metadata() });
    });
  }

  /** What to send for what was thrown; see {@link translated}. The call's end remembers it. */
  translate(error: unknown, passIndex: number, below?: number): StatusError {
    this.life.note(error);
    return translated(this.passes, error, passIndex, below);
  }

  /** Response headers to add to those that a handler sends, if any were set. */
  withHeaders(metadata: Metadata): Metadata {
    return wireHeaders(merged(metadata, this.headers));
  }

  /** The same for trailers, of the status that they go with. */
  withTrailers(status: StatusObject): StatusObject {
    if (this.trailers === undefined) return status;
    return { ...status, metadata: wireHeaders(merged(status.metadata, this.trailers)) };
  }

  get hasHeaders(): boolean {
    return this.headers !== undefined;
  }

  /** The outermost pass writes a message. */
  write(nextCall: GrpcServerCall, message: unknown, callback: () => void, only: boolean): void {
    this.sent++;
    this.life.write(nextCall, message, callback);
    if (only) this.life.answered();
  }

  /** For what no hook made a status of. */
  get unknown(): StatusObject {
    return { code: status.UNKNOWN, details: 'Unknown error', metadata: new Metadata() };
  }

  unsend(): void {
    this.sent--;
  }

  /** grpc-js's call is over, and is let go; answers what stands in for it from now on. */
  over(): GrpcServerCall {
    this.base = new EndedCall(this.base);
    this.life.letGo(this.base);
    return this.base;
  }

  finish(end: CallEnd): void {
    this.ended = end;
    this.timer?.cancel();
    // Listeners of the call's own events are still to run, inside its scopes.
    for (let p = this.passes.length - 1; p >= 0; p--) this.passes[p]!.chain.onEnd(end, true);
  }
}

export type { LateResult };

/** The internals of a context that a server call carries. */
export function serverCallOf(call: HandlerCall): ServerCall | undefined {
  return tryCallContext(call) as ServerCall | undefined;
}

/** Answers a call in its handler's place; see {@link ServerCall.answer}. */
export function answerCall(call: ServerCallContext, message: unknown): void {
  (call as ServerCall).answer(message);
}

/** The method owes one response, and none was sent: an OK would not be one for the client. */
export function owesResponse(call: ServerCallContext): boolean {
  const { method, sent } = call as ServerCall;
  return sent === 0 && (method.kind === 'unary' || method.kind === 'client_stream');
}

/** See {@link ServerCall.onStatusChosen}. */
export function onStatusChosen(call: ServerCallContext, listener: () => void): void {
  (call as ServerCall).onStatusChosen(listener);
}

/** See {@link ServerCall.onHandlerSettled}. */
export function onHandlerSettled(call: ServerCallContext, listener: () => void): void {
  (call as ServerCall).onHandlerSettled(listener);
}

/**
 * How long a client may take nothing once the call has a status, in milliseconds; then the call is over and its stream is
 * reset.
 *
 * @default 30_000
 */
export function setLinger(call: ServerCallContext, lingerMs: number): void {
  (call as ServerCall).life.lingerMs = lingerMs;
}

/** See {@link ServerCall.onLateResult}. */
export function onLateResult(call: ServerCallContext, listener: (result: LateResult) => void): void {
  (call as ServerCall).onLateResult(listener);
}

/** The two together, leaving both as they are: either may be the application's own object. */
function merged(metadata: Metadata, extra: Metadata | undefined): Metadata {
  if (extra === undefined) return metadata;
  const both = metadata.clone();
  both.merge(extra);
  return both;
}
