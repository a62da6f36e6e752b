import { Metadata, status, type InterceptingCall, type StatusObject } from '@grpc/grpc-js';
import type { ClientCallContext } from '../context.js';
import type { ClientHooks } from '../hooks.js';
import { methodOf } from '../method.js';
import type { Ending } from '../pass/ending.js';
import { HookChain } from '../pass/hook-chain.js';
import type { HookFailure } from '../pass/run-hook.js';
import type { Steps } from '../pass/steps.js';
import { StatusError, isStatusError, toStatusObject } from '../status/status-error.js';
import { Caller, contextOfCaller, isApplications } from './caller.js';
import { ClientCall, type ClientCallOwner } from './client-call.js';
import { ClientLife, type ClientLifeOwner } from './client-life.js';
import { EarlyCall } from './early-call.js';
import { originOf, originOfEnd } from './end-origin.js';
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
import { notMade } from './not-made.js';
import { tooManyMessages } from './owed-message.js';

/** What client interceptors do for the calls of one method. */
export type ClientSteps = Steps<ClientCallContext, ClientHooks>;

/**
 * One layer of a client call that runs the hooks of all neighbouring interceptors of ours: towards the application it is
 * a grpc-js call, towards the wire its listener. It asks for the layer below only after `admit`, since a call that grpc-js
 * made and nobody starts keeps its deadline timer; a layer below that turns out to be ours is absorbed.
 */
export class ClientPass implements GrpcClientCall, GrpcClientListener, ClientCallOwner, ClientLifeOwner {
  /** From its start to its end; a layer that is absorbed never starts. */
  life: ClientLife | undefined;
  /** Has ended, or will in this turn. */
  over = false;
  /** The layer below, once the call is running. */
  private down: GrpcClientCall | undefined;
  private early: EarlyCall | undefined;
  private reading = false;

  /** A layer for these steps; the pass above, if it is ours, absorbs it when the call starts. */
  static over(options: InterceptorOptions, nextCall: NextCall, steps: ClientSteps): InterceptingCall {
    // grpc-js asks for its class but only ever calls its methods.
    return new ClientPass(options, nextCall, steps) as unknown as InterceptingCall;
  }

  private constructor(
    private options: InterceptorOptions,
    private nextCall: NextCall,
    private readonly steps: ClientSteps,
  ) {}

  // Towards the wire.

  start(metadata: Metadata, listener: Partial<GrpcClientListener>): void {
    const call = new ClientCall(methodOf(this.options.method_definition), this.options, this);
    const { isOutermost } = call;
    // Never write into the caller's object: it may be used for other calls.
    call.metadata = isOutermost ? metadata.clone() : metadata;
    const caller = new Caller(listener, isOutermost ? contextOfCaller() : undefined);
    this.life = new ClientLife(call, caller, new HookChain(this.steps), this);
    this.life.chain.admit(call, this);
  }

  sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message);
  }

  sendMessageWithContext(given: MessageContext, message: unknown): void {
    if (this.over) return release(given);
    const { requests, caller } = this.life!;
    const context = caller.inContext(given);
    if (requests.busy) requests.later(() => this.request(context, message));
    else requests.follow(this.request(context, message));
  }

  halfClose(): void {
    if (this.over) return;
    const { requests } = this.life!;
    if (requests.busy) requests.later(() => this.closeHalf());
    else this.closeHalf();
  }

  startRead(): void {
    this.reading = true;
    if (this.down !== undefined) this.onDown('startRead');
  }

  cancelWithStatus(code: status, details: string): void {
    if (this.over) return;
    const { life } = this;
    if (life === undefined) {
      // Never started, and never will be.
      this.settled();
      return;
    }
    const origin = code === status.CANCELLED ? 'cancelled' : 'transport';
    life.asked ??= origin;
    const stopped = this.stopBelow(code, details);
    // Nothing below will say how the call ends, or what it says would wait for a hook.
    if (!stopped || life.responses.busy) life.end({ origin, status: { code, details, metadata: new Metadata() } });
  }

  getPeer(): string {
    return this.down?.getPeer() ?? 'unknown';
  }

  getAuthContext(): unknown {
    return this.down?.getAuthContext() ?? null;
  }

  /** The call is to end in a way that this side chose; the layer below is to stop. */
  private endHere(
    ending: Ending,
    below?: number,
    code = ending.status.code,
    details = ending.status.details,
  ): undefined {
    if (this.over) return;
    this.life!.end(ending, below);
    this.stopBelow(code, details);
  }

  end(error: StatusError): void {
    this.endHere({ origin: originOfEnd(error.code), status: toStatusObject(error), error });
  }

  deadlineMoved(): void {
    if (this.life?.waiting === true) this.life.expireInTime();
  }

  /**
   * While the call is starting, the layer below is made early and kept for when the call runs; a call that is made only to
   * be asked is ended at once.
   */
  findChannel(): GrpcChannel | undefined {
    if (this.down !== undefined) return channelOf(this.down);
    if (this.life === undefined || this.over) return channelBelow(this.nextCall, this.options);
    return this.channelEarly(this.life.call.options);
  }

  private channelEarly(options: InterceptorOptions): GrpcChannel | undefined {
    this.early ??= new EarlyCall(this.nextCall, options);
    const { call } = this.early;
    // It will be absorbed, and what it made goes with it.
    return call instanceof ClientPass ? call.channelEarly(options) : channelOf(call);
  }

  [channelSymbol](): GrpcChannel | undefined {
    return this.findChannel();
  }

  // As the gate of its interceptors.

  wait(waiting: PromiseLike<unknown>, position: number): void {
    const { chain, call } = this.life!;
    this.life!.waiting = true;
    this.life!.expireInTime();
    waiting.then(
      () => chain.admit(call, this),
      (error: unknown) => this.refuse(error, position),
    );
  }

  /** Goes one layer down: a neighbour of ours is absorbed, anything else is the call that this pass runs over. */
  admitted(): void {
    const { chain, call } = this.life!;
    this.life!.begin();
    try {
      const down = this.below(call);
      if (!(down instanceof ClientPass)) return this.run(down);
      chain.join(down.steps);
      this.nextCall = down.nextCall;
      this.early = down.early;
    } catch (error) {
      return this.brokeBelow(error);
    }
    chain.admit(call, this);
  }

  /** The early call, where it is the one that would be made now; otherwise one that is made now. */
  private below({ options, destination }: ClientCall): GrpcClientCall {
    const { early } = this;
    this.early = undefined;
    // A call that was made before the channel was closed, and is started afterwards, would stay open forever.
    if (early?.fits(options) === true && destination.open) return early.call;
    early?.dispose();
    return this.nextCall(options);
  }

  private run(down: GrpcClientCall): void {
    const { call, requests } = this.life!;
    this.down = down;
    call.begun = true;
    down.start(call.metadata, this);
    if (this.reading) this.onDown('startRead');
    requests.proceed();
  }

  private request(context: MessageContext, message: unknown): Promise<void> | undefined {
    if (this.over) return release(context);
    try {
      const result = this.life!.chain.inwards('onRequest', message);
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
    if (this.over) return release(context);
    this.life!.sent++;
    try {
      this.down!.sendMessageWithContext(context, message);
    } catch (error) {
      this.brokeBelow(error);
    }
  }

  private closeHalf(): undefined {
    if (!this.over) this.onDown('halfClose');
  }

  private onDown(action: 'startRead' | 'halfClose'): void {
    try {
      this.down![action]();
    } catch (error) {
      this.brokeBelow(error);
    }
  }

  /** Whether the layer below took it. */
  private stopBelow(code: status, details: string): boolean {
    try {
      this.down?.cancelWithStatus(code, details);
      return this.down !== undefined;
    } catch (error) {
      if (isApplications(error)) throw error;
      return false;
    }
  }

  /** A layer below threw: that ends the call, unless it only passed on what the application threw. */
  private brokeBelow(error: unknown): void {
    if (isApplications(error)) throw error;
    if (this.over) return;
    this.endHere(notMade(error, this.life!.call.destination), undefined, ...FAILED_HERE);
  }

  // Towards the application.

  // grpc-js tells listeners apart by the number of arguments of this method.
  onReceiveMetadata(metadata: Metadata): void {
    if (this.over) return;
    const { chain, caller } = this.life!;
    this.life!.heard = true;
    chain.onHeaders(metadata);
    // An interceptor may have ended the call.
    if (!this.over) caller.tell('onReceiveMetadata', metadata);
  }

  onReceiveMessage(message: unknown): void {
    if (this.over) return;
    const { responses } = this.life!;
    if (responses.busy) responses.later(() => this.response(message));
    else responses.follow(this.response(message));
  }

  onReceiveStatus(given: StatusObject): void {
    if (this.over) return;
    const life = this.life!;
    const origin = originOf(given, life);
    if (!life.responses.busy || origin === 'cancelled' || origin === 'deadline') {
      life.conclude({ origin, status: given });
      return;
    }
    // Messages go first. Nothing below notices the deadline any more.
    life.expireInTime();
    life.responses.later(() => life.conclude({ origin, status: given }));
  }

  private response(message: unknown): Promise<void> | undefined {
    if (this.over) return;
    const life = this.life!;
    // How grpc-js says that a failed unary call has no message.
    if (message === null) return this.deliver(null);
    if (life.owesOne && life.received > 0) return this.endHere({ origin: 'transport', status: tooManyMessages() });
    life.received++;
    // grpc-js would keep a second message of a unary call, and with it the status, forever.
    if (life.owesOne) this.onDown('startRead');
    let result: unknown;
    try {
      result = life.chain.outwards('onResponse', message);
    } catch (failure) {
      return this.refused(failure);
    }
    if (!(result instanceof Promise)) return this.deliver(result);
    return result.then(
      (replacement) => this.deliver(replacement),
      (failure: unknown) => this.refused(failure),
    );
  }

  private deliver(message: unknown): undefined {
    if (!this.over) this.life!.caller.tell('onReceiveMessage', message);
  }

  private refused(failure: unknown): undefined {
    const { error, position } = failure as HookFailure;
    this.refuse(error, position);
  }

  /** A hook threw: the call ends with that, seen by the hooks outside it. */
  refuse(error: unknown, position: number): void {
    if (this.over) return;
    const name = this.life!.chain.nameAt(position);
    const known = isStatusError(error)
      ? error
      : new StatusError(status.UNKNOWN, `Client interceptor '${name}' failed`, { cause: error });
    this.endHere({ origin: 'interceptor', status: toStatusObject(known), error }, position, ...FAILED_HERE);
  }

  // The end.

  settled(): void {
    this.over = true;
    this.early?.dispose();
  }

  /**
   * HTTP/2 keeps the call a while, and must not keep contexts with it: they lead to every layer further out (1.8 KB of a
   * call with the recommended stack).
   */
  letGo(): void {
    if (this.down !== undefined) this.life = this.options = this.nextCall = undefined as never;
  }
}

/** What the layer below is told when a hook or a foreign interceptor failed. */
const FAILED_HERE = [status.CANCELLED, 'Failed by a client interceptor'] as const;

/** No writer is left waiting. */
function release({ callback }: MessageContext): undefined {
  if (callback !== undefined) process.nextTick(callback);
}
