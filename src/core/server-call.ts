import { Metadata, status, type ServerInterceptingCall, type StatusObject } from '@grpc/grpc-js';
import { callStorage, type ServerCallContext } from './context.js';
import type { GrpcServerCall, GrpcServerListener } from './grpc-internals.js';
import type { CallEnd, ServerHooks } from './hooks.js';
import type { MethodDescriptor } from './method.js';
import { methodOf } from './method.js';
import { checkedHooks, runQuietly, throughHooks, type HookFailure } from './hook-chain.js';
import { isThenable } from './report.js';
import { ServerCall } from './server-context.js';
import { enterScopes } from './scopes.js';
import { toStatusObject } from './status-error.js';
import { isStatus, wireStatus, type OutgoingStatus } from './wire-status.js';

/** What an interceptor does for the calls of one method. */
export interface ServerStep {
  /** The interceptor's name, for warnings. */
  readonly name: string;
  begin(call: ServerCallContext): ServerHooks | void;
}

/** Hooks still to run for a message: nobody waits unless one of them does. */
type Progress = Promise<void> | undefined;

/**
 * One layer of a server call that runs the hooks of all neighbouring interceptors of ours: towards the wire it is a
 * grpc-js call, towards the handler its listener. Neighbours join the pass instead of wrapping it, so that ten
 * interceptors cost one layer.
 */
export class ServerPass implements GrpcServerCall, GrpcServerListener {
  /** The hooks of interceptors whose part of the call began, outermost first. */
  readonly hooks: ServerHooks[] = [];
  /** Position among the passes of the call; 0 is the outermost. */
  readonly index: number;
  /** grpc-js's name for the next layer towards the wire; {@link baseCallOf} of another copy of this library follows it. */
  readonly nextCall: GrpcServerCall;

  private readonly steps: ServerStep[] = [];
  /** The interceptor of each entry of `hooks`. */
  private readonly owners: ServerStep[] = [];
  private readonly streamsIn: boolean;
  private readonly streamsOut: boolean;
  private listener: GrpcServerListener | undefined;
  private nextStep = 0;
  private opened = false;
  private scoped = false;
  private headersSent = false;
  private incoming: Promise<void> | undefined;
  private outgoing: Promise<void> | undefined;

  /** Adds a step to the layer given, when it is a pass that has not started, or to a new pass on top of it. */
  static join(descriptor: MethodDescriptor, call: GrpcServerCall, step: ServerStep): ServerInterceptingCall {
    const pass = call instanceof ServerPass && call.listener === undefined ? call : new ServerPass(descriptor, call);
    pass.steps.push(step);
    // grpc-js asks for its class but only ever calls its methods; its constructor costs more than this whole object.
    return pass as unknown as ServerInterceptingCall;
  }

  private readonly call: ServerCall;

  private constructor(descriptor: MethodDescriptor, nextCall: GrpcServerCall) {
    this.nextCall = nextCall;
    this.call = ServerCall.of(methodOf(descriptor), nextCall);
    this.index = this.call.passes.push(this) - 1;
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
    this.admit(metadata);
  }

  onReceiveMessage(message: unknown): void {
    if (this.call.concluded) return;
    if (this.index === 0) this.call.received++;
    if (this.incoming !== undefined) this.incoming = this.incoming.then(() => this.request(message));
    else this.incoming = this.request(message)?.finally(() => (this.incoming = undefined));
  }

  onReceiveHalfClose(): void {
    // A cancelled upload looks finished for a turn or two of the event loop: END_STREAM is read before RST_STREAM.
    if (this.index === 0 && this.streamsIn) setImmediate(() => setImmediate(() => this.halfClose()));
    else this.halfClose();
  }

  onCancel(): void {
    this.call.closed();
    if (this.opened) this.within(() => this.listener?.onCancel());
  }

  /** Interceptors are admitted in order; no promise is made while nobody waits. */
  private admit(metadata: Metadata): void {
    const { steps, call } = this;
    while (this.nextStep < steps.length) {
      if (call.concluded) return;
      const position = this.hooks.length;
      try {
        const waiting = this.begin(steps[this.nextStep++]!)?.admit?.();
        if (isThenable(waiting)) {
          waiting.then(
            () => this.admit(metadata),
            (error: unknown) => this.refuse(error, position),
          );
          return;
        }
      } catch (error) {
        this.refuse(error, position);
        return;
      }
    }
    if (!call.concluded) this.open(metadata);
  }

  private begin(step: ServerStep): ServerHooks | undefined {
    const hooks = checkedHooks<ServerHooks>(step.begin(this.call), step.name);
    if (hooks === undefined) return undefined;
    this.hooks.push(hooks);
    this.owners.push(step);
    if (hooks.scope !== undefined) this.scoped = true;
    return hooks;
  }

  private open(metadata: Metadata): void {
    this.opened = true;
    // The handlers of request streams start here; those of single requests at half-close.
    if (this.streamsIn) this.within(() => this.listener!.onReceiveMetadata(metadata));
    else this.pass(() => this.listener!.onReceiveMetadata(metadata));
  }

  private request(message: unknown): Progress {
    try {
      const result = throughHooks(this.hooks, 'onRequest', message, 0, 1);
      if (!(result instanceof Promise)) return this.deliver(result);
      return result.then(
        (replacement) => this.deliver(replacement),
        (failure: unknown) => this.refused(failure),
      );
    } catch (failure) {
      return this.refused(failure);
    }
  }

  private deliver(message: unknown): undefined {
    if (this.call.concluded || this.call.answered) return;
    if (this.streamsIn && !this.call.managed) this.within(() => this.listener!.onReceiveMessage(message));
    else this.pass(() => this.listener!.onReceiveMessage(message));
  }

  private halfClose(): void {
    if (this.call.concluded || this.call.answered) return;
    if (this.index === 0 && this.streamsIn && this.call.resetByClient) return;
    if (this.incoming !== undefined) void this.incoming.then(() => this.halfClose());
    else this.within(() => this.listener!.onReceiveHalfClose());
  }

  // Towards the wire.

  sendMetadata(metadata: Metadata): void {
    if (this.headersSent || this.call.concluded) return;
    this.headersSent = true;
    const headers = this.index === 0 ? this.call.withHeaders(metadata) : metadata;
    for (let i = this.hooks.length - 1; i >= 0; i--) runQuietly(this.hooks[i]!, this.owners[i]!, 'onHeaders', headers);
    this.nextCall.sendMetadata(headers);
  }

  sendMessage(message: unknown, callback: () => void): void {
    if (this.call.concluded) {
      if (this.isInnermost) this.call.late({ message });
      return;
    }
    if (!this.headersSent && this.wantsHeaders()) this.sendMetadata(new Metadata());
    if (this.outgoing !== undefined) {
      this.outgoing = this.outgoing.then(() => this.respond(message, callback));
    } else {
      this.outgoing = this.respond(message, callback)?.finally(() => (this.outgoing = undefined));
    }
  }

  sendStatus(given: OutgoingStatus): void {
    const { call } = this;
    if (call.concluded) {
      if (this.isInnermost) call.late({ status: given });
      return;
    }
    if (this.outgoing !== undefined) {
      void this.outgoing.then(() => this.sendStatus(given));
      return;
    }
    // What comes from above the innermost pass is the handler's; above an outer one, a foreign interceptor's or ours.
    call.via ??= this.isInnermost ? 'handler' : 'interceptor';
    this.conclude(given);
  }

  /** Sends a status through the hooks outside `below`, and from there on to the wire. */
  conclude(given: OutgoingStatus, below = this.hooks.length): void {
    let outgoing = this.checked(given);
    for (let i = below - 1; i >= 0; i--) {
      const replacement = runQuietly(this.hooks[i]!, this.owners[i]!, 'onStatus', outgoing);
      if (isStatus(replacement) && replacement !== outgoing) outgoing = this.checked(replacement);
    }
    if (this.index === 0) {
      outgoing = { ...outgoing, metadata: this.call.withTrailers(outgoing.metadata) };
      if (outgoing.code === status.OK && !this.headersSent && this.call.hasHeaders) this.sendMetadata(new Metadata());
      this.call.choose(outgoing);
    }
    this.nextCall.sendStatus(outgoing);
  }

  /** The end of the call, to everyone whose part began. */
  finish(end: CallEnd): void {
    for (let i = this.hooks.length - 1; i >= 0; i--) runQuietly(this.hooks[i]!, this.owners[i]!, 'onEnd', end);
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
      const result = throughHooks(this.hooks, 'onResponse', message, this.hooks.length - 1, -1);
      if (!(result instanceof Promise)) return this.write(result, callback);
      return result.then(
        (replacement) => this.write(replacement, callback),
        (failure: unknown) => this.refused(failure),
      );
    } catch (failure) {
      return this.refused(failure);
    }
  }

  private write(message: unknown, callback: () => void): undefined {
    if (this.call.concluded) return;
    // A stream's write callbacks run user code, such as 'drain' listeners.
    const written = this.streamsOut && !this.call.managed ? () => this.within(callback) : callback;
    if (this.index === 0) this.call.write(this.nextCall, message, written);
    else this.nextCall.sendMessage(message, written);
  }

  /** Headers that somebody set or listens for go out on their own; else grpc-js sends its own with the first message. */
  private wantsHeaders(): boolean {
    if (this.call.hasHeaders && this.index === 0) return true;
    return this.hooks.some((hook) => hook.onHeaders !== undefined);
  }

  private refused(failure: unknown): undefined {
    const { error, position } = failure as HookFailure;
    this.refuse(error, position);
  }

  /** A hook threw: what it threw goes out through the hooks outside it. */
  private refuse(error: unknown, position: number): void {
    const { call } = this;
    if (call.concluded) {
      call.noteError(error);
      return;
    }
    const refusal = call.translate(error, this.index, position);
    call.via = 'interceptor';
    this.conclude(toStatusObject(refusal), position);
  }

  /** Runs user code inside the call's context and every scope; what it throws ends the call. */
  private within(run: () => void): void {
    let reached = false;
    const enter = (): void => {
      reached = true;
      run();
    };
    try {
      if (callStorage.getStore() === this.call) this.scopes(enter);
      else callStorage.run(this.call, () => this.scopes(enter));
    } catch (error) {
      this.caught(error, reached);
    }
  }

  /** Hands on what runs no user code, unless a foreign interceptor stands further in. */
  private pass(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.caught(error, true);
    }
  }

  private scopes(run: () => void): void {
    if (this.scoped) enterScopes(this.hooks, this.owners, 0, run);
    else run();
  }

  private caught(error: unknown, inUserCode: boolean): void {
    const { call } = this;
    if (call.concluded) {
      call.noteError(error);
      return;
    }
    const failure = call.translate(error, this.index, this.hooks.length);
    call.via = inUserCode ? 'handler' : 'interceptor';
    this.conclude(toStatusObject(failure));
  }

  /** A status that can be sent; OK without the one response that the method owes is no OK. */
  private checked(given: OutgoingStatus): StatusObject {
    const sendable = wireStatus(given);
    if (sendable.code !== status.OK || this.streamsOut || this.call.sent > 0) return sendable;
    return { code: status.UNKNOWN, details: 'Unknown error', metadata: sendable.metadata };
  }
}
