import type { CallOptions, Metadata } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { ClientCallContext } from '../context.js';
import type { ContextKey } from '../context-key.js';
import type { InterceptorOptions } from './grpc-client-internals.js';
import { Destination, type ChannelSecurity } from './destination.js';
import { channelFacts, type GrpcChannel } from './grpc-client-internals.js';
import type { Method } from '../method.js';
import { StatusError } from '../status/status-error.js';
import { Stop } from '../pass/stop.js';
import { TIMER_SLACK_MS } from '../base/timer.js';

const contextSymbol = Symbol.for('grpc-js-middleware/client-context@1');
const attemptSymbol = Symbol.for('grpc-js-middleware/attempt@1');

/** Marks the options of one attempt: interceptors that see the same mark stand inside the same attempt. */
interface AttemptMark {
  readonly number: number;
  /** Of the logical call, for its attempts. */
  readonly destination: Destination | undefined;
}

/** What the time of day drifts by itself, at most, while a call waits. */
const CLOCK_STEP_MS = 1000;

type MarkedOptions = InterceptorOptions & { [contextSymbol]?: ClientCall; [attemptSymbol]?: AttemptMark };

/** What a pass does for its context. */
export interface ClientCallOwner {
  getPeer(): string;
  /** The channel that the call runs, or would run, on. @throws what a layer below throws. */
  findChannel(): GrpcChannel | undefined;
  /** Ends the call as if this had come from below. */
  end(error: StatusError): void;
  /** Earlier, while the call waits. */
  deadlineMoved(): void;
  /** The `ClientLife` of the pass. */
  readonly life: object | undefined;
}

/** One call on the client, as interceptors know it: one attempt of it, inside a retry. */
export class ClientCall implements ClientCallContext {
  readonly startedAt = Date.now();
  readonly startedTicks = performance.now();
  readonly attempt: number;
  /** Inside a retry: what is listed outside stands for the logical call. */
  readonly isAttempt: boolean;
  metadata!: Metadata;
  options: MarkedOptions;
  /** The call was handed to grpc-js: options and deadline are fixed. */
  begun = false;

  private readonly parent: ClientCall | undefined;
  private readonly sharesValues: boolean;
  private values: Map<ContextKey<unknown>, unknown> | undefined;
  private expiresTicks: number | undefined;
  private known: Destination | undefined;
  private readonly stopped = new Stop();

  constructor(
    readonly method: Method,
    options: MarkedOptions,
    private readonly owner: ClientCallOwner,
  ) {
    const mark = options[attemptSymbol];
    this.parent = options[contextSymbol];
    this.attempt = mark?.number ?? 1;
    this.isAttempt = mark !== undefined;
    // Behind a foreign interceptor it is still the same attempt: what one sets, the other reads.
    this.sharesValues = this.parent !== undefined && this.parent.options[attemptSymbol] === mark;
    this.options = { ...options, [contextSymbol]: this };
  }

  /** No interceptor of ours and no retry is further out, so the metadata is still the caller's own. */
  get isOutermost(): boolean {
    return this.parent === undefined && !this.isAttempt;
  }

  get deadline(): number {
    const { deadline } = this.options;
    return Number(deadline ?? Infinity);
  }

  limitDeadline(epochMs: number): void {
    if (this.begun || !(epochMs < this.deadline)) return;
    this.options.deadline = epochMs;
    this.expiresTicks = performance.now() + epochMs - Date.now();
    this.owner.deadlineMoved();
  }

  /** Until the deadline, by the clock that never steps. */
  get remainingMs(): number {
    return (this.expiresTicks ?? this.startedTicks + this.deadline - this.startedAt) - performance.now();
  }

  get expired(): boolean {
    return this.remainingMs <= TIMER_SLACK_MS;
  }

  /** The call begins after a wait: grpc-js counts by the time of day, which may have been set meanwhile. */
  reckonDeadline(): void {
    const deadline = Date.now() + this.remainingMs;
    if (Math.abs(deadline - this.deadline) > CLOCK_STEP_MS) this.options.deadline = deadline;
  }

  /** The pass beyond a foreign interceptor, further out in the same attempt. */
  get outer(): ClientCallOwner | undefined {
    return this.sharesValues ? this.parent!.owner : undefined;
  }

  get peer(): string {
    if (!this.begun) return 'unknown';
    const peer = this.owner.getPeer();
    // Without a connection, grpc-js gives what it would connect to.
    return peer === channelFacts(this.channel).address ? 'unknown' : peer;
  }

  get target(): string {
    return channelFacts(this.channel).target;
  }

  private get channel(): GrpcChannel | undefined {
    return this.destination.channel(() => this.owner.findChannel());
  }

  /** What the layers of a logical call know together of where it goes. */
  get destination(): Destination {
    return (this.known ??= this.parent?.destination ?? this.options[attemptSymbol]?.destination ?? new Destination());
  }

  get security(): ChannelSecurity {
    return this.destination.security(() => this.owner.findChannel());
  }

  get signal(): AbortSignal {
    return this.stopped.signal;
  }

  get<T>(key: ContextKey<T>): T {
    if (this.values?.has(key)) return this.values.get(key) as T;
    return this.parent === undefined ? key.defaultValue : this.parent.get(key);
  }

  set<T>(key: ContextKey<T>, value: T): void {
    if (this.sharesValues) this.parent!.set(key, value);
    else (this.values ??= new Map()).set(key, value);
  }

  /** Ends the call from anywhere; the first end wins. */
  end(error: StatusError): void {
    this.owner.end(error);
  }

  /** The call ended: the signal of a cancelled or expired one aborts. */
  stop(code: status, details: string): void {
    if (code !== status.CANCELLED && code !== status.DEADLINE_EXCEEDED) return;
    this.stopped.stop(new StatusError(code, details));
  }
}

/**
 * Options for the `nextCall` of one attempt: interceptors listed further in see `call.attempt`, inherit the context's
 * keys, and {@link isAttempt} is true for them.
 */
export function withAttempt(
  options: InterceptorOptions,
  attempt: number,
  destination?: Destination,
): InterceptorOptions {
  const mark: AttemptMark = { number: attempt, destination };
  return { ...options, [attemptSymbol]: mark } as InterceptorOptions;
}

/** Whether a retry or hedging interceptor is further out, so that this call is one attempt of a logical one. */
export function isAttempt(call: ClientCallContext): boolean {
  return (call as ClientCall).isAttempt;
}

/** The context of the interceptors of ours that stand further out, if any. */
export function clientContextOf(options: CallOptions | InterceptorOptions): ClientCallContext | undefined {
  return (options as MarkedOptions)[contextSymbol];
}

/** Ends a client call from anywhere, as if grpc-js had: the first end wins. */
export function endClientCall(call: ClientCallContext, error: StatusError): void {
  (call as ClientCall).end(error);
}

/** Where a call goes, and whether the channel protects what is sent. Never throws, and leaves no call behind. */
export function channelSecurityOf(call: ClientCallContext): ChannelSecurity {
  return (call as ClientCall).security;
}

/** No interceptor of ours and no retry is further out than the layer with these options. */
export function isOutermost(options: InterceptorOptions): boolean {
  const { [contextSymbol]: outer, [attemptSymbol]: mark } = options as MarkedOptions;
  return outer === undefined && mark === undefined;
}

/** What the layers of a logical call know together of where it goes; for a layer that is not a pass. */
export function destinationOf(options: InterceptorOptions): Destination {
  const { [contextSymbol]: outer, [attemptSymbol]: mark } = options as MarkedOptions;
  return outer?.destination ?? mark?.destination ?? new Destination();
}

export type { ChannelSecurity } from './destination.js';
export { channelBelow, channelOf, channelSymbol } from './grpc-client-internals.js';
