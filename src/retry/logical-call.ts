import type { AsyncResource } from 'node:async_hooks';
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import {
  channelBelow,
  channelOf,
  channelSymbol,
  destinationOf,
  isOutermost,
  withAttempt,
} from '../core/client/client-call.js';
import { Caller, contextOfCaller, isApplications } from '../core/client/caller.js';
import { notMade, whyNotMade } from '../core/client/not-made.js';
import { asTold, tooManyMessages } from '../core/client/owed-message.js';
import type { Destination } from '../core/client/destination.js';
import { channelFacts } from '../core/client/grpc-client-internals.js';
import type {
  GrpcChannel,
  GrpcClientCall,
  GrpcClientListener,
  InterceptorOptions,
  MessageContext,
  NextCall,
} from '../core/client/grpc-client-internals.js';
import { methodOf, type Method } from '../core/method.js';
import { Attempt, type AttemptOwner } from './attempt.js';
import { CallClock } from './call-clock.js';
import type { CallSubject } from './events.js';
import { ReplayBuffer, type BufferLimits } from './replay-buffer.js';

/** Says how many attempts came before (gRFC A6). */
const PREVIOUS_ATTEMPTS = 'grpc-previous-rpc-attempts';

/**
 * A call as the application sees it, made of one attempt or more below. What retry and hedging have in common: the request
 * is kept, whichever attempt answers first becomes the call (gRFC A6: it is committed), and the call ends once.
 */
export abstract class LogicalCall implements GrpcClientCall, AttemptOwner {
  readonly buffer = new ReplayBuffer();
  readonly streamsIn: boolean;
  readonly method: Method;
  readonly clock: CallClock;
  private readonly destination: Destination;
  /** Attempts that run. */
  protected readonly running: Attempt[] = [];
  /** The attempt that the call is committed to: no other will be made. */
  protected winner: Attempt | undefined;
  protected latest: Attempt | undefined;
  protected launched = 0;
  protected cancelled: StatusObject | undefined;
  protected overflowed = false;
  protected ended = false;
  private reading = false;
  private metadata: Metadata | undefined;
  private caller: Caller | undefined;
  private context: AsyncResource | undefined;
  /** Response messages that came. */
  private received = 0;

  constructor(
    private readonly options: InterceptorOptions,
    private readonly nextCall: NextCall,
    private readonly limits: BufferLimits,
  ) {
    const descriptor = options.method_definition;
    this.method = methodOf(descriptor);
    this.streamsIn = descriptor.requestStream;
    this.clock = new CallClock(options);
    this.destination = destinationOf(options);
  }

  /** The call starts: make the first attempt. */
  protected abstract begin(): void;
  /** An attempt failed before the call was committed or cancelled: try again, wait for others, or {@link finish}. */
  protected abstract failed(attempt: Attempt, failure: StatusObject): void;
  /** An attempt could not be made, and no other could be. */
  protected abstract notMade(outcome: StatusObject): void;
  /** The buffer is full. */
  protected abstract overflow(): void;
  /** Timers of this kind of call are to be stopped: no further attempt will be made. */
  protected abstract settle(): void;
  /** The call is over. */
  protected abstract settled(outcome: StatusObject): void;

  // Towards the application.

  start(metadata: Metadata, listener: Partial<GrpcClientListener>): void {
    this.metadata = metadata;
    // Further attempts start from timers and network events; what is listed further in expects the caller's context.
    this.context = contextOfCaller();
    this.caller = new Caller(listener, isOutermost(this.options) ? this.context : undefined);
    if (this.cancelled !== undefined) {
      this.finishSoon(this.cancelled);
      return;
    }
    this.begin();
  }

  sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message);
  }

  sendMessageWithContext(context: MessageContext, message: unknown): void {
    if (this.ended) {
      if (context.callback !== undefined) process.nextTick(context.callback);
      return;
    }
    this.buffer.push(message, this.caller?.inContext(context) ?? context);
    if (this.streamsIn && this.winner === undefined && !this.overflowed && this.buffer.overflows(this.limits)) {
      this.overflowed = true;
      this.overflow();
    }
    this.pump();
  }

  halfClose(): void {
    this.buffer.closed = true;
    this.pump();
  }

  startRead(): void {
    this.reading = true;
    for (const attempt of [...this.running]) attempt.read();
  }

  cancelWithStatus(code: status, details: string): void {
    if (this.ended || this.cancelled !== undefined) return;
    this.cancelled = { code, details, metadata: new Metadata() };
    // Never started: somebody made this call only to ask where it goes.
    if (this.metadata === undefined) return;
    this.settle();
    const running = [...this.running];
    for (const attempt of running) attempt.cancel(code, details);
    // No attempt below will say how the call ended.
    if (running.length === 0) this.finishSoon(this.cancelled);
  }

  getPeer(): string {
    return this.latest?.call.getPeer() ?? 'unknown';
  }

  getAuthContext(): unknown {
    return this.latest?.call.getAuthContext() ?? null;
  }

  [channelSymbol](): GrpcChannel | undefined {
    return this.latest === undefined ? channelBelow(this.nextCall, this.options) : channelOf(this.latest.call);
  }

  /** What throttles go by; undefined where a foreign interceptor hides it. */
  get channel(): GrpcChannel | undefined {
    return this.destination.channel(() => this[channelSymbol]());
  }

  // Towards the attempts.

  onHeaders(attempt: Attempt, headers: Metadata): void {
    this.commit(attempt);
    this.caller!.tell('onReceiveMetadata', headers);
  }

  onMessage(attempt: Attempt, message: unknown): void {
    // Not a message, but grpc-js's way to say that a unary call has none: its status may still be followed by a retry.
    if (message === null) {
      attempt.saidNoMessage = true;
      return;
    }
    this.commit(attempt);
    if (!this.options.method_definition.responseStream) {
      if (this.received > 0) {
        attempt.abandon(status.UNIMPLEMENTED, 'Too many responses received');
        this.finish(attempt, tooManyMessages());
        return;
      }
      // grpc-js would keep a second message of a unary call, and with it the status, forever.
      attempt.read();
    }
    this.received++;
    this.caller!.tell('onReceiveMessage', message);
  }

  onStatus(attempt: Attempt, outcome: StatusObject): void {
    this.running.splice(this.running.indexOf(attempt), 1);
    if (whyNotMade(outcome) !== undefined && this.winner === undefined && this.cancelled === undefined) {
      this.launched--;
      this.notMade(outcome);
      return;
    }
    const final = outcome.code === status.OK || this.winner !== undefined || this.cancelled !== undefined;
    if (final) this.finish(attempt, outcome);
    else this.failed(attempt, outcome);
  }

  onAccepted(attempt: Attempt, position: number): void {
    this.buffer.accepted(position);
    if (this.winner === attempt) this.buffer.release(position + 1);
  }

  /** What all events of this call say. */
  protected get subject(): CallSubject {
    return { method: this.method, target: this.latest === undefined ? '' : channelFacts(this.channel).target };
  }

  /** A layer below threw, or the channel is closed: that ends the attempt, unless it only passed on the application's. */
  onBroken(attempt: Attempt, error: unknown): void {
    if (isApplications(error)) throw error;
    if (attempt.over) return;
    attempt.abandon(status.CANCELLED, 'Failed by a client interceptor');
    this.onStatus(attempt, notMade(error, this.destination).status);
  }

  /** Starts the next attempt; undefined when it could not be made, which {@link notMade} has heard by then. */
  protected launch(): Attempt | undefined {
    try {
      return this.launched === 0 ? this.open() : this.context!.runInAsyncScope(() => this.open());
    } catch (error) {
      if (isApplications(error)) throw error;
      this.notMade(notMade(error, this.destination).status);
      return undefined;
    }
  }

  /** The call is this attempt from now on: others are given up, and what was sent need not be kept. */
  protected commit(attempt: Attempt): void {
    if (this.winner !== undefined) return;
    this.winner = attempt;
    clearTimeout(attempt.timer);
    this.settle();
    for (const other of this.running.splice(0)) {
      if (other !== attempt) other.abandon(status.CANCELLED, 'Another attempt has answered');
    }
    if (!attempt.over) this.running.push(attempt);
    this.buffer.release(attempt.writing ? attempt.next - 1 : attempt.next);
  }

  /** Ends the call, once, with what this attempt (if any) said. */
  protected finish(attempt: Attempt | undefined, outcome: StatusObject): void {
    if (this.ended) return;
    this.ended = true;
    this.settle();
    for (const other of this.running.splice(0)) other.abandon(status.CANCELLED, 'Another attempt has answered');
    const owesOne = !this.options.method_definition.responseStream;
    this.settled(asTold(outcome, owesOne, this.received));
    this.buffer.settle();
    if (attempt?.saidNoMessage ?? owesOne) this.caller!.tell('onReceiveMessage', null);
    this.caller!.tell('onReceiveStatus', outcome);
  }

  /** As grpc-js does: never before the caller has its call object. */
  protected finishSoon(outcome: StatusObject): void {
    process.nextTick(() => this.finish(undefined, outcome));
  }

  private open(): Attempt {
    const options = withAttempt(this.options, this.launched + 1, this.destination);
    if (this.launched > 0) options.deadline = this.clock.deadline;
    const call = this.nextCall(options) as unknown as GrpcClientCall;
    const attempt = new Attempt(this, ++this.launched, call);
    this.latest = attempt;
    this.running.push(attempt);
    // A copy each: what is listed further in adds to it.
    const metadata = this.metadata!.clone();
    if (attempt.number > 1) metadata.set(PREVIOUS_ATTEMPTS, String(attempt.number - 1));
    try {
      call.start(metadata, attempt);
      if (this.reading && !attempt.over) call.startRead();
    } catch (error) {
      this.onBroken(attempt, error);
    }
    attempt.pump();
    return attempt;
  }

  private pump(): void {
    if (this.running.length === 1) this.running[0]!.pump();
    else for (const attempt of [...this.running]) attempt.pump();
  }
}
