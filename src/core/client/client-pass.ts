import { AsyncResource } from 'node:async_hooks';
import { status, type InterceptingCall, type Metadata, type StatusObject } from '@grpc/grpc-js';
import { ClientCall, type ClientCallOwner } from './client-call.js';
import type { ClientCallContext } from '../context.js';
import { originOf } from './end-origin.js';
import { EarlyCall } from './early-call.js';
import {
  channelBelow,
  channelOf,
  channelSymbol,
  type GrpcChannel,
  type GrpcClientCall,
  type GrpcClientListener,
  type InterceptorOptions,
  type MessageContext,
  type NextCall,
} from './grpc-client-internals.js';
import { HookChain, type Gate } from '../pass/hook-chain.js';
import type { ClientHooks, EndOrigin } from '../hooks.js';
import { methodOf } from '../method.js';
import type { HookFailure } from '../pass/run-hook.js';
import { StatusError, isStatusError, toStatusObject } from '../status/status-error.js';
import type { Steps } from '../pass/steps.js';
import { timerAt, type Timer } from '../base/timer.js';

/** What client interceptors do for the calls of one method. */
export type ClientSteps = Steps<ClientCallContext, ClientHooks>;

/**
 * One layer of a client call that runs the hooks of all neighbouring interceptors of ours: towards the application it is
 * a grpc-js call, towards the wire its listener. It asks for the layer below only after `admit`, since a call that grpc-js
 * made and nobody starts keeps its deadline timer; a layer below that turns out to be ours is absorbed.
 */
export class ClientPass implements GrpcClientCall, GrpcClientListener, ClientCallOwner, Gate {
  private readonly chain: HookChain<ClientCallContext, ClientHooks>;
  /** There once the layer is started. */
  private call!: ClientCall;
  private early: EarlyCall | undefined;
  private listener: Partial<GrpcClientListener> | undefined;
  private down: GrpcClientCall | undefined;
  private waiting: (() => void)[] | undefined;
  private ended = false;
  private via: EndOrigin | undefined;
  private thrown: unknown;
  private received = 0;
  private sent = 0;
  private heard = false;
  private expiry: Timer | undefined;
  private caller: AsyncResource | undefined;
  private incoming: Promise<void> | undefined;
  private outgoing: Promise<void> | undefined;

  /** A layer for these steps; the pass above, if it is ours, absorbs it when the call starts. */
  static over(options: InterceptorOptions, nextCall: NextCall, steps: ClientSteps): InterceptingCall {
    // grpc-js asks for its class but only ever calls its methods.
    return new ClientPass(options, nextCall, steps) as unknown as InterceptingCall;
  }

  private constructor(
    private options: InterceptorOptions,
    private nextCall: NextCall,
    steps: ClientSteps,
  ) {
    this.chain = new HookChain(steps);
  }

  // Towards the wire.

  start(metadata: Metadata, listener: Partial<GrpcClientListener>): void {
    this.listener = listener;
    this.call = new ClientCall(methodOf(this.options.method_definition), this.options, this);
    // Never write into the caller's object: it may be used for other calls.
    this.call.metadata = this.call.isOutermost ? metadata.clone() : metadata;
    if (this.call.isOutermost) this.caller = new AsyncResource('GRPC_CALL', { requireManualDestroy: true });
    this.chain.admit(this.call, this);
  }

  sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message);
  }

  sendMessageWithContext(context: MessageContext, message: unknown): void {
    if (this.down === undefined) this.later(() => this.sendMessageWithContext(context, message));
    else if (this.outgoing !== undefined) this.outgoing = this.outgoing.then(() => this.request(context, message));
    else this.outgoing = this.request(context, message)?.finally(() => (this.outgoing = undefined));
  }

  halfClose(): void {
    if (this.down === undefined) this.later(() => this.halfClose());
    else if (this.outgoing !== undefined) void this.outgoing.then(() => this.halfClose());
    else this.down.halfClose();
  }

  startRead(): void {
    if (this.down === undefined) this.later(() => this.startRead());
    else this.down.startRead();
  }

  cancelWithStatus(code: status, details: string): void {
    if (this.ended) return;
    this.via ??= code === status.CANCELLED ? 'cancelled' : 'transport';
    if (this.down !== undefined) this.down.cancelWithStatus(code, details);
    else if (this.call !== undefined) this.concludeSoon(new StatusError(code, details));
    else this.discard();
  }

  getPeer(): string {
    return this.down?.getPeer() ?? 'unknown';
  }

  getAuthContext(): unknown {
    return this.down?.getAuthContext() ?? null;
  }

  /**
   * The channel under this layer. While the call is being admitted, the layer below is made early and kept for when the
   * call begins; a call that is made only to be asked is ended at once.
   */
  findChannel(): GrpcChannel | undefined {
    if (this.down !== undefined) return channelOf(this.down);
    if (this.nextCall === undefined) return undefined;
    return this.call === undefined || this.ended
      ? channelBelow(this.nextCall, this.call?.options ?? this.options)
      : this.learnEarly(this.call.options);
  }

  private learnEarly(options: InterceptorOptions): GrpcChannel | undefined {
    this.early ??= new EarlyCall(this.nextCall, options);
    const { call } = this.early;
    // It will be absorbed, and what it made goes with it.
    return call instanceof ClientPass ? call.learnEarly(options) : channelOf(call);
  }

  /** Ends the call from anywhere, as if this had come from below. */
  end(error: StatusError): void {
    if (this.ended) return;
    this.via =
      error.code === status.CANCELLED
        ? 'cancelled'
        : error.code === status.DEADLINE_EXCEEDED
          ? 'deadline'
          : 'interceptor';
    this.thrown ??= error;
    // In this order: grpc-js would give its own, poorer status in the same turn.
    this.concludeSoon(error);
    this.down?.cancelWithStatus(error.code, error.details);
  }

  [channelSymbol](): GrpcChannel | undefined {
    return this.findChannel();
  }

  /** Nobody will start this layer: what it made for questions goes with it. */
  private discard(): void {
    this.ended = true;
    this.early?.dispose();
  }

  // As the gate of its interceptors.

  get over(): boolean {
    return this.ended;
  }

  /** There is no call below yet to notice the deadline. */
  wait(waiting: PromiseLike<unknown>, position: number): void {
    if (this.call.deadline !== Infinity) this.expiry = timerAt(this.call.deadline, () => this.expire());
    waiting.then(
      () => {
        this.expiry?.cancel();
        this.chain.admit(this.call, this);
      },
      (error: unknown) => this.refuse(error, position),
    );
  }

  private expire(): void {
    this.via = 'deadline';
    this.concludeSoon(new StatusError(status.DEADLINE_EXCEEDED, 'Deadline exceeded'));
  }

  /** Goes one layer down: a neighbour of ours is absorbed, anything else is the call that this pass runs over. */
  admitted(): void {
    let down: GrpcClientCall;
    try {
      down = this.below();
    } catch (error) {
      this.refuse(new StatusError(status.UNAVAILABLE, 'The channel is closed', { cause: error }));
      return;
    }
    if (down instanceof ClientPass) {
      this.chain.join(down.chain.steps);
      this.nextCall = down.nextCall;
      this.early = down.early;
      this.chain.admit(this.call, this);
      return;
    }
    this.down = down;
    this.call.begun = true;
    down.start(this.call.metadata, this);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.forEach((action) => action());
  }

  /** The early call, where it is the one that would be made now; otherwise one that is made now. */
  private below(): GrpcClientCall {
    const { early, call } = this;
    this.early = undefined;
    // A call that was made before the channel was closed, and is started afterwards, would stay open forever.
    if (early?.fits(call.options) === true && call.destination.open) return early.call;
    early?.dispose();
    return this.nextCall(call.options);
  }

  private later(action: () => void): void {
    if (!this.ended) (this.waiting ??= []).push(action);
  }

  private request(context: MessageContext, message: unknown): Promise<void> | undefined {
    try {
      const result = this.chain.inwards('onRequest', message);
      if (!(result instanceof Promise)) return this.write(context, result);
      return result.then(
        (replacement) => this.write(context, replacement),
        (failure: unknown) => this.refused(failure),
      );
    } catch (failure) {
      return this.refused(failure);
    }
  }

  private write(context: MessageContext, message: unknown): undefined {
    if (this.ended) return;
    this.sent++;
    this.down!.sendMessageWithContext(context, message);
  }

  // Towards the application.

  // grpc-js tells listeners apart by the number of arguments of this method.
  onReceiveMetadata(metadata: Metadata): void {
    if (this.ended) return;
    this.heard = true;
    this.chain.onHeaders(metadata);
    this.tell(this.listener?.onReceiveMetadata, metadata);
  }

  onReceiveMessage(message: unknown): void {
    if (this.ended) return;
    if (this.incoming !== undefined) this.incoming = this.incoming.then(() => this.response(message));
    else this.incoming = this.response(message)?.finally(() => (this.incoming = undefined));
  }

  onReceiveStatus(given: StatusObject): void {
    if (this.incoming !== undefined) void this.incoming.then(() => this.onReceiveStatus(given));
    else this.conclude(given);
  }

  private response(message: unknown): Promise<void> | undefined {
    // How grpc-js says that a failed unary call has no message.
    if (message === null) return this.tell(this.listener?.onReceiveMessage, null);
    this.received++;
    let result: unknown;
    try {
      result = this.chain.outwards('onResponse', message);
    } catch (failure) {
      return this.refused(failure);
    }
    if (!(result instanceof Promise)) return this.deliver(result);
    return result.then(
      (replacement) => rethrowOutside(() => this.deliver(replacement)),
      (failure: unknown) => this.refused(failure),
    );
  }

  private deliver(message: unknown): undefined {
    if (!this.ended) this.tell(this.listener?.onReceiveMessage, message);
  }

  /** The application's callbacks run where it made the call: grpc-js may call from the connection's context. */
  private tell<T>(callback: ((argument: T) => void) | undefined, argument: T): undefined {
    if (callback === undefined) return;
    if (this.caller === undefined) callback.call(this.listener, argument);
    else this.caller.runInAsyncScope(callback, this.listener, argument);
  }

  private refused(failure: unknown): undefined {
    const { error, position } = failure as HookFailure;
    this.refuse(error, position);
  }

  /** A hook threw: the call ends with that, seen by the hooks outside it. */
  refuse(error: unknown, position = this.chain.begun): void {
    if (this.ended) return;
    this.thrown ??= error;
    this.via = 'interceptor';
    const known = isStatusError(error)
      ? error
      : new StatusError(status.UNKNOWN, `Client interceptor '${this.chain.nameAt(position)}' failed`, { cause: error });
    this.concludeSoon(known, position);
    this.down?.cancelWithStatus(status.CANCELLED, 'Failed by a client interceptor');
  }

  /** As grpc-js does: never before the caller has its call object. */
  private concludeSoon(error: StatusError, below?: number): void {
    process.nextTick(() => this.conclude(toStatusObject(error), below));
  }

  private conclude(given: StatusObject, below = this.chain.begun): void {
    if (this.ended) return;
    const outcome = this.chain.onStatus(given, below, this);
    this.ended = true;
    this.waiting = undefined;
    this.expiry?.cancel();
    this.early?.dispose();
    this.finish(outcome, originOf(given, { via: this.via, heard: this.heard, deadline: this.call.deadline }));
    this.tell(this.listener?.onReceiveStatus, outcome);
    // HTTP/2 keeps the call a while, and must not keep the application's side with it, nor the contexts: they lead to
    // every layer further out (1.8 KB of a call with the recommended stack).
    this.listener = this.caller = undefined;
    if (this.down !== undefined) this.call = this.options = this.nextCall = undefined as never;
  }

  private finish({ code, details }: StatusObject, origin: EndOrigin): void {
    const { call, received, sent, thrown } = this;
    if (origin !== 'peer') call.stop(code, details);
    const durationMs = performance.now() - call.startedTicks;
    this.chain.onEnd({ code, details, durationMs, received, sent, error: thrown, origin });
  }
}

/** What an application's own listener throws is the application's: it must not be swallowed by a promise of ours. */
function rethrowOutside(run: () => void): void {
  try {
    run();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
