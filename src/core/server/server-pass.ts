import { Metadata, status, type ServerInterceptingCall, type StatusObject } from '@grpc/grpc-js';
import { callStorage, type ServerCallContext } from '../context.js';
import type { GrpcServerCall, GrpcServerListener } from './grpc-server-internals.js';
import { HookChain, type Gate } from '../pass/hook-chain.js';
import type { ServerHooks } from '../hooks.js';
import { methodOf, type MethodDescriptor } from '../method.js';
import type { HookFailure } from '../pass/run-hook.js';
import { enterScopes } from './scopes.js';
import { ServerCall, type ServerLayer } from './server-call.js';
import type { Steps } from '../pass/steps.js';
import { callBack, tellCancel, tellHalfClose, tellMessage, tellMetadata, type Tell } from './tell.js';
import { toStatusObject } from '../status/status-error.js';
import { wireStatus, type OutgoingStatus } from '../status/wire-status.js';

/** What server interceptors do for the calls of one method. */
export type ServerSteps = Steps<ServerCallContext, ServerHooks>;

/** Hooks still to run for a message: nobody waits unless one of them does. */
type Progress = Promise<void> | undefined;

/**
 * One layer of a server call that runs the hooks of all neighbouring interceptors of ours: towards the wire it is a
 * grpc-js call, towards the handler its listener. Neighbours join the pass instead of wrapping it, so that ten
 * interceptors cost one layer.
 */
export class ServerPass implements GrpcServerCall, GrpcServerListener, Gate, ServerLayer {
  readonly chain: HookChain<ServerCallContext, ServerHooks>;
  /** Position among the passes of the call; 0 is the outermost. */
  readonly index: number;
  /** grpc-js's name for the next layer towards the wire, which another copy of this library follows to the base call. */
  nextCall: GrpcServerCall;

  private readonly call: ServerCall;
  private readonly streamsIn: boolean;
  private readonly streamsOut: boolean;
  private listener: GrpcServerListener | undefined;
  private metadata: Metadata | undefined;
  private opened = false;
  private headersSent = false;
  private incoming: Promise<void> | undefined;
  private outgoing: Promise<void> | undefined;

  /** Adds steps to the layer given, when it is a pass that has not started, or to a new pass on top of it. */
  static join(descriptor: MethodDescriptor, call: GrpcServerCall, steps: ServerSteps): ServerInterceptingCall {
    const joins = call instanceof ServerPass && call.listener === undefined;
    if (joins) call.chain.join(steps);
    // grpc-js asks for its class but only ever calls its methods; its constructor costs more than this whole object.
    return (joins ? call : new ServerPass(descriptor, call, steps)) as unknown as ServerInterceptingCall;
  }

  private constructor(descriptor: MethodDescriptor, nextCall: GrpcServerCall, steps: ServerSteps) {
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
    this.nextCall.start(this);
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
    if (this.incoming !== undefined) this.incoming = this.requestLater(this.incoming, message);
    else this.incoming = this.request(message)?.finally(() => (this.incoming = undefined));
  }

  onReceiveHalfClose(): void {
    // A cancelled upload looks finished for a turn or two of the event loop: END_STREAM is read before RST_STREAM.
    if (this.index === 0 && this.streamsIn) setImmediate(() => setImmediate(() => this.halfClose()));
    else this.halfClose();
  }

  onCancel(): void {
    this.call.ending.closed();
    if (this.opened) this.within(tellCancel, undefined);
    // HTTP/2 and the handler keep the call a while, and must not keep each other's side with it.
    this.listener = undefined;
    if (this.index === 0) this.nextCall = this.call.over();
  }

  // As the gate of its interceptors.

  get over(): boolean {
    return this.call.concluded;
  }

  wait(waiting: PromiseLike<unknown>, position: number): void {
    waiting.then(
      () => this.chain.admit(this.call, this),
      (error: unknown) => this.refuse(error, position),
    );
  }

  admitted(): void {
    this.opened = true;
    // The handlers of request streams start here; those of single requests at half-close.
    if (this.streamsIn) this.within(tellMetadata, this.metadata);
    else this.pass(tellMetadata, this.metadata);
  }

  /** A hook threw: what it threw goes out through the hooks outside it. */
  refuse(error: unknown, position: number): void {
    const { call } = this;
    if (call.concluded) {
      call.noteError(error);
      return;
    }
    const refusal = call.translate(error, this.index, position);
    call.ending.via = 'interceptor';
    this.conclude(toStatusObject(refusal), position);
  }

  private request(message: unknown): Progress {
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
    if (this.call.concluded || this.call.answered) return;
    if (this.index === 0 && this.streamsIn && this.call.ending.resetByClient) return;
    if (this.incoming !== undefined) void this.incoming.then(() => this.halfClose());
    else this.within(tellHalfClose, undefined);
  }

  // Towards the wire.

  sendMetadata(metadata: Metadata): void {
    if (this.headersSent || this.call.concluded) return;
    this.headersSent = true;
    const headers = this.index === 0 ? this.call.withHeaders(metadata) : metadata;
    this.chain.onHeaders(headers);
    this.nextCall.sendMetadata(headers);
  }

  sendMessage(message: unknown, callback: () => void): void {
    if (this.call.concluded) {
      if (this.isInnermost) this.call.late({ message });
      return;
    }
    if (!this.headersSent && this.wantsHeaders()) this.sendMetadata(new Metadata());
    if (this.outgoing !== undefined) this.outgoing = this.respondLater(this.outgoing, message, callback);
    else this.outgoing = this.respond(message, callback)?.finally(() => (this.outgoing = undefined));
  }

  sendStatus(given: OutgoingStatus): void {
    const { call } = this;
    if (call.concluded) {
      if (this.isInnermost) call.late({ status: given });
      return;
    }
    if (this.outgoing !== undefined) {
      this.concludeLater(this.outgoing, given);
      return;
    }
    // What comes from above the innermost pass is the handler's; above an outer one, a foreign interceptor's or ours.
    call.ending.via ??= this.isInnermost ? 'handler' : 'interceptor';
    this.conclude(given);
  }

  /** Sends a status through the hooks outside `below`, and from there on to the wire. */
  conclude(given: OutgoingStatus, below = this.chain.begun): void {
    let outgoing = this.chain.onStatus(this.checked(given), below, this);
    if (this.index === 0) {
      outgoing = this.call.withTrailers(outgoing);
      if (outgoing.code === status.OK && !this.headersSent && this.call.hasHeaders) this.sendMetadata(new Metadata());
      this.call.ending.choose(outgoing);
    }
    this.nextCall.sendStatus(outgoing);
  }

  private get isInnermost(): boolean {
    return this.index === this.call.passes.length - 1;
  }

  startRead(): void {
    this.nextCall.startRead();
  }

  getPeer(): string {
    return this.nextCall.getPeer();
  }

  getDeadline(): Date | number {
    return this.call.deadline;
  }

  getHost(): string {
    return this.nextCall.getHost();
  }

  getAuthContext(): ReturnType<GrpcServerCall['getAuthContext']> {
    return this.nextCall.getAuthContext();
  }

  getConnectionInfo(): ReturnType<GrpcServerCall['getConnectionInfo']> {
    return this.nextCall.getConnectionInfo();
  }

  getMetricsRecorder(): object {
    return this.nextCall.getMetricsRecorder();
  }

  private respond(message: unknown, callback: () => void): Progress {
    try {
      const result = this.chain.outwards('onResponse', message);
      return result instanceof Promise ? this.writeLater(result, callback) : this.write(result, callback);
    } catch (failure) {
      return this.refused(failure);
    }
  }

  private write(message: unknown, callback: () => void): undefined {
    if (this.call.concluded) return;
    // A stream's write callbacks run user code, such as 'drain' listeners.
    const written = this.streamsOut && !this.call.managed ? this.scopedCallback(callback) : callback;
    if (this.index === 0) this.call.write(this.nextCall, message, written);
    else this.nextCall.sendMessage(message, written);
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

  /** Tells the listener, which runs user code, inside the call's context and every scope; what it throws ends the call. */
  private within<T>(tell: Tell<T>, argument: T): void {
    if (this.chain.scoped) {
      this.withinScopes(tell, argument);
      return;
    }
    try {
      if (callStorage.getStore() === this.call) tell(this.listener, argument);
      else callStorage.run(this.call, tell, this.listener, argument);
    } catch (error) {
      this.caught(error, true);
    }
  }

  private withinScopes<T>(tell: Tell<T>, argument: T): void {
    let reached = false;
    const enter = (): void => {
      reached = true;
      tell(this.listener, argument);
    };
    try {
      if (callStorage.getStore() === this.call) enterScopes(this.chain, 0, enter);
      else callStorage.run(this.call, enterScopes, this.chain, 0, enter);
    } catch (error) {
      this.caught(error, reached);
    }
  }

  /** Tells the listener what runs no user code, unless a foreign interceptor stands further in. */
  private pass<T>(tell: Tell<T>, argument: T): void {
    try {
      tell(this.listener, argument);
    } catch (error) {
      this.caught(error, true);
    }
  }

  private caught(error: unknown, inUserCode: boolean): void {
    const { call } = this;
    if (call.concluded) {
      call.noteError(error);
      return;
    }
    const failure = call.translate(error, this.index);
    call.ending.via = inUserCode ? 'handler' : 'interceptor';
    this.conclude(toStatusObject(failure));
  }

  /** A status that can be sent; OK without the one response that the method owes is no OK. */
  checked(given: OutgoingStatus): StatusObject {
    const sendable = wireStatus(given);
    if (sendable.code !== status.OK || this.streamsOut || this.call.sent > 0) return sendable;
    return { code: status.UNKNOWN, details: 'Unknown error', metadata: sendable.metadata };
  }

  // What closes over its arguments stands apart: V8 makes room for them whenever such a function is entered, and few
  // calls come here. Together 0.3 KB a call.

  private requestLater(earlier: Promise<void>, message: unknown): Promise<void> {
    return earlier.then(() => this.request(message));
  }

  private deliverLater(replacing: Promise<unknown>): Promise<void> {
    return replacing.then(
      (replacement) => this.deliver(replacement),
      (failure: unknown) => this.refused(failure),
    );
  }

  private respondLater(earlier: Promise<void>, message: unknown, callback: () => void): Promise<void> {
    return earlier.then(() => this.respond(message, callback));
  }

  private writeLater(replacing: Promise<unknown>, callback: () => void): Promise<void> {
    return replacing.then(
      (replacement) => this.write(replacement, callback),
      (failure: unknown) => this.refused(failure),
    );
  }

  private concludeLater(outgoing: Promise<void>, given: OutgoingStatus): void {
    void outgoing.then(() => this.sendStatus(given));
  }

  private scopedCallback(callback: () => void): () => void {
    return () => this.within(callBack, callback);
  }
}
