import { Metadata, status, type ServerInterceptingCall, type StatusObject } from '@grpc/grpc-js';
import type { ServerCallContext } from '../context.js';
import type { GrpcServerCall, GrpcServerListener } from './grpc-server-internals.js';
import { HookChain, type Gate } from '../pass/hook-chain.js';
import type { CallEnd, EndOrigin, ServerHooks } from '../hooks.js';
import { methodOf, type MethodDescriptor } from '../method.js';
import type { HookFailure } from '../pass/run-hook.js';
import { MessageQueue } from '../pass/message-queue.js';
import { LEAVING } from './server-life.js';
import { ServerTelling } from './server-telling.js';
import { ServerCall, type ServerLayer } from './server-call.js';
import type { Steps } from '../pass/steps.js';
import { tellCancel, tellHalfClose, tellMessage, tellMetadata } from './tell.js';
import { toStatusObject } from '../status/status-error.js';
import { yieldTurn } from '../base/yields.js';
import { wireStatus, type OutgoingStatus } from '../status/wire-status.js';

/** What server interceptors do for the calls of one method. */
export type ServerSteps = Steps<ServerCallContext, ServerHooks>;

/** Hooks still to run for a message: only a hook that waits makes a promise. */
type Progress = Promise<void> | undefined;

/**
 * One layer of a server call that runs the hooks of all neighbouring interceptors of ours: towards the wire it is a
 * grpc-js call, towards the handler its listener. Neighbours join the pass instead of wrapping it, so that ten
 * interceptors cost one layer.
 */
export class ServerPass extends ServerTelling implements GrpcServerCall, GrpcServerListener, Gate, ServerLayer {
  readonly chain: HookChain<ServerCallContext, ServerHooks>;
  /** Position among the passes of the call; 0 is the outermost. */
  readonly index: number;
  /** grpc-js's name for the next layer towards the wire, which another copy of this library follows to the base call. */
  nextCall: GrpcServerCall;

  protected readonly call: ServerCall;
  private readonly streamsIn: boolean;
  private readonly streamsOut: boolean;
  protected listener: GrpcServerListener | undefined;
  private metadata: Metadata | undefined;
  private opened = false;
  private headersSent = false;
  /** This pass has sent a status towards the wire. */
  private done = false;
  private incoming: MessageQueue | undefined;
  private outgoing: MessageQueue | undefined;

  /** Adds steps to the layer given, when it is a pass that has not started, or to a new pass on top of it. */
  static join(descriptor: MethodDescriptor, call: GrpcServerCall, steps: ServerSteps): ServerInterceptingCall {
    const joins = call instanceof ServerPass && call.listener === undefined;
    if (joins) call.chain.join(steps);
    // grpc-js asks for its class but only ever calls its methods; its constructor costs more than this whole object.
    return (joins ? call : new ServerPass(descriptor, call, steps)) as unknown as ServerInterceptingCall;
  }

  private constructor(descriptor: MethodDescriptor, nextCall: GrpcServerCall, steps: ServerSteps) {
    super();
    this.chain = new HookChain(steps);
    this.nextCall = nextCall;
    this.call = ServerCall.of(methodOf(descriptor), nextCall);
    this.index = this.call.enter(this);
    this.streamsIn = descriptor.requestStream;
    this.streamsOut = descriptor.responseStream;
  }

  // Towards the handler.

  start(listener: GrpcServerListener): void {
    this.listener = listener;
    try {
      this.nextCall.start(this);
    } catch (error) {
      this.failPast(error);
    }
  }

  // grpc-js tells listeners apart by the number of arguments of this method.
  onReceiveMetadata(metadata: Metadata): void {
    if (this.index === 0) this.call.metadata = metadata;
    this.metadata = metadata;
    this.chain.admit(this.call, this);
  }

  onReceiveMessage(message: unknown): void {
    if (this.call.concluded) return;
    if (this.index === 0) this.call.received++;
    if (this.incoming?.busy === true) this.requestLater(message);
    else this.track(this.request(message), 'incoming');
  }

  onReceiveHalfClose(): void {
    // A cancelled upload looks finished for a turn or two of the event loop: END_STREAM is read before RST_STREAM.
    if (this.index === 0 && this.streamsIn) yieldTurn(() => yieldTurn(() => this.halfClose()));
    else this.halfClose();
  }

  onCancel(): void {
    this.call.life.closed();
    if (this.opened) this.within(tellCancel, undefined);
    // HTTP/2 and the handler keep the call a while, and must not keep each other's side with it.
    this.chain.release();
    this.listener = undefined;
    if (this.index === 0) this.nextCall = this.call.over();
  }

  // As the gate of its interceptors.

  get over(): boolean {
    return this.call.concluded;
  }

  get endedAs(): CallEnd | undefined {
    return this.call.ended;
  }

  wait(waiting: PromiseLike<unknown>, position: number): void {
    waiting.then(
      () => this.chain.admit(this.call, this),
      (error: unknown) => this.refuse(error, position),
    );
  }

  admitted(): void {
    this.opened = true;
    if (this.streamsIn && this.isInnermost) this.call.handlerBegins();
    // The handlers of request streams start here; those of single requests at half-close.
    if (this.streamsIn) this.within(tellMetadata, this.metadata);
    else this.pass(tellMetadata, this.metadata);
  }

  /** A hook threw: what it threw goes out through the hooks outside it. */
  refuse(error: unknown, position: number): void {
    this.fail(error, 'interceptor', position);
  }

  private fail(error: unknown, origin: EndOrigin, below?: number): void {
    const { call } = this;
    if (this.sealed || (call.concluded && this.isInnermost) || !call.life.choose(origin)) {
      call.noteError(error);
      return;
    }
    const failure = call.translate(error, this.index, below);
    this.incoming?.empty();
    this.conclude(toStatusObject(failure), below);
  }

  /** Nothing else leaves through this pass. */
  private get sealed(): boolean {
    return this.done || this.call.life.phase >= LEAVING;
  }

  private request(message: unknown): Progress {
    if (this.call.concluded) return undefined;
    try {
      const result = this.chain.inwards('onRequest', message);
      return result instanceof Promise ? this.deliverLater(result) : this.deliver(result);
    } catch (failure) {
      return this.refused(failure);
    }
  }

  private deliver(message: unknown): undefined {
    if (this.call.concluded || this.call.answered) return;
    if (this.streamsIn && !this.call.managed) this.within(tellMessage, message);
    else this.pass(tellMessage, message);
  }

  private halfClose(): void {
    if (this.incoming?.busy === true) this.incoming.later(() => this.halfCloseNow());
    else this.halfCloseNow();
  }

  private halfCloseNow(): undefined {
    if (this.call.concluded || this.call.answered) return;
    if (this.index === 0 && this.streamsIn && this.call.life.resetByClient) return;
    if (this.isInnermost) this.call.handlerBegins();
    this.within(tellHalfClose, undefined);
  }

  // Towards the wire.

  sendMetadata(metadata: Metadata): void {
    if (!this.headersSent && !this.sealed) this.sendHeaders(metadata);
  }

  private sendHeaders(metadata: Metadata): void {
    this.headersSent = true;
    const headers = this.index === 0 ? this.call.withHeaders(metadata) : metadata;
    this.chain.onHeaders(headers);
    try {
      this.nextCall.sendMetadata(headers);
    } catch (error) {
      this.failPast(error);
    }
  }

  sendMessage(message: unknown, callback: () => void): void {
    const { isInnermost } = this;
    if (this.sealed) {
      if (isInnermost) this.call.late({ message });
      return;
    }
    if (isInnermost && !this.streamsOut) this.call.handlerSettled();
    if (!this.headersSent && this.wantsHeaders()) this.sendMetadata(new Metadata());
    if (this.outgoing?.busy === true) this.respondLater(message, callback);
    else this.track(this.respond(message, callback), 'outgoing');
  }

  sendStatus(given: OutgoingStatus): void {
    if (this.isInnermost && !this.sealed) this.call.handlerSettled();
    if (this.outgoing?.busy === true) this.concludeLater(given);
    else this.sendStatusNow(given);
  }

  private sendStatusNow(given: OutgoingStatus): undefined {
    const { call, isInnermost } = this;
    if (this.sealed) {
      if (isInnermost) call.late({ status: given });
      return;
    }
    // What comes from above the innermost pass is the handler's; above an outer one, a foreign interceptor's or ours.
    if (!call.concluded) call.life.choose(isInnermost ? 'handler' : 'interceptor');
    this.conclude(given);
  }

  /** Sends a status through the hooks outside `below`, and from there on to the wire; the first one counts. */
  conclude(given: OutgoingStatus, below = this.chain.begun): void {
    if (this.done) return;
    this.done = true;
    this.outgoing?.empty();
    let outgoing = this.chain.onStatus(wireStatus(given), below, this);
    if (this.index === 0) {
      outgoing = this.call.withTrailers(outgoing);
      if (outgoing.code === status.OK && !this.headersSent && this.call.hasHeaders) this.sendHeaders(new Metadata());
      this.call.life.handOver(outgoing);
    }
    try {
      this.nextCall.sendStatus(outgoing);
    } catch (error) {
      this.failPast(error);
    }
  }

  /** A foreign interceptor further out threw: grpc-js would keep the status behind what that one did not finish. */
  private failPast(error: unknown): void {
    const failure = this.call.translate(error, this.index);
    this.done = true;
    this.outgoing?.empty();
    this.call.life.sendPast('interceptor', wireStatus(toStatusObject(failure)));
  }

  private get isInnermost(): boolean {
    return this.index === this.call.passes.length - 1;
  }

  private respond(message: unknown, callback: () => void): Progress {
    if (this.sealed) return undefined;
    try {
      const result = this.chain.outwards('onResponse', message);
      return result instanceof Promise ? this.writeLater(result, callback) : this.write(result, callback);
    } catch (failure) {
      return this.refused(failure);
    }
  }

  private write(message: unknown, callback: () => void): undefined {
    if (this.sealed) return;
    // A stream's write callbacks run user code, such as 'drain' listeners.
    const written = this.streamsOut && !this.call.managed ? this.scopedCallback(callback) : callback;
    try {
      if (this.index === 0) this.call.write(this.nextCall, message, written, !this.streamsOut);
      else this.nextCall.sendMessage(message, written);
    } catch (error) {
      this.failPast(error);
    }
  }

  /** Remembers that work on a message waits, so that what comes next joins the queue behind it. */
  private track(work: Progress, way: 'incoming' | 'outgoing'): void {
    if (work !== undefined) (this[way] ??= new MessageQueue()).follow(work);
  }

  /** Headers that somebody set or listens for go out on their own; else grpc-js sends its own with the first message. */
  private wantsHeaders(): boolean {
    if (this.call.hasHeaders && this.index === 0) return true;
    return this.chain.awaitsHeaders;
  }

  private refused(failure: unknown): undefined {
    const { error, position } = failure as HookFailure;
    this.refuse(error, position);
  }

  protected caught(error: unknown, inUserCode: boolean): void {
    this.fail(error, inUserCode ? 'handler' : 'interceptor');
  }

  /** A replacement that can be sent; an OK made by a hook without the one response that the method owes is not OK. */
  checked(replacement: OutgoingStatus): StatusObject {
    const sendable = wireStatus(replacement);
    if (sendable.code !== status.OK || this.streamsOut || this.call.sent > 0) return sendable;
    return { ...this.call.unknown, metadata: sendable.metadata };
  }

  // What closes over its arguments stands apart: V8 makes room for them whenever such a function is entered, and few
  // calls come here. Together 0.3 KB a call.

  private requestLater(message: unknown): void {
    this.incoming!.later(() => this.request(message));
  }

  private deliverLater(replacing: Promise<unknown>): Promise<void> {
    return replacing.then(
      (replacement) => this.deliver(replacement),
      (failure: unknown) => this.refused(failure),
    );
  }

  private respondLater(message: unknown, callback: () => void): void {
    this.outgoing!.later(() => this.respond(message, callback));
  }

  private writeLater(replacing: Promise<unknown>, callback: () => void): Promise<void> {
    return replacing.then(
      (replacement) => this.write(replacement, callback),
      (failure: unknown) => this.refused(failure),
    );
  }

  private concludeLater(given: OutgoingStatus): void {
    this.outgoing!.later(() => this.sendStatusNow(given));
  }
}
