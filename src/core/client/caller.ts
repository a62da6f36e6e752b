import { AsyncResource } from 'node:async_hooks';
import type { GrpcClientListener, MessageContext } from './grpc-client-internals.js';

const NOTHING = Symbol('nothing');

/** What a listener threw in this turn: the application's own, not a failure of the layer that told the listener. */
let thrownAbove: unknown = NOTHING;

/** Whether an error that a layer below threw is one that it only passed on. */
export function isApplications(error: unknown): boolean {
  return thrownAbove === error;
}

/**
 * The side of a call that it is made for. What is told there arrives in the asynchronous context in which the call was
 * made, since grpc-js may call from that of whichever call opened the connection.
 */
export class Caller {
  constructor(
    private readonly listener: Partial<GrpcClientListener>,
    /** Undefined where a layer further out sees to the context. */
    private readonly context: AsyncResource | undefined,
  ) {}

  tell<N extends keyof GrpcClientListener>(name: N, argument: Parameters<GrpcClientListener[N]>[0]): undefined {
    const callback = this.listener[name] as ((argument: unknown) => void) | undefined;
    if (callback === undefined) return;
    try {
      if (this.context === undefined) callback.call(this.listener, argument);
      else this.context.runInAsyncScope(callback, this.listener, argument);
    } catch (error) {
      thrownAbove = error;
      process.nextTick(() => (thrownAbove = NOTHING));
      throw error;
    }
  }

  /** What comes with a message, its callback in the caller's context. */
  inContext(given: MessageContext): MessageContext {
    const { context } = this;
    const { callback, flags } = given;
    if (context === undefined || callback === undefined) return given;
    const bound: typeof callback = (error) => context.runInAsyncScope(callback, undefined, error);
    return { callback: bound, flags };
  }
}

/** The context that a call is made in, to be left to the garbage collector. */
export function contextOfCaller(): AsyncResource {
  return new AsyncResource('GRPC_CALL', { requireManualDestroy: true });
}
