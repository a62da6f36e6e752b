import { callStorage, type ServerCallContext } from '../context.js';
import type { ServerHooks } from '../hooks.js';
import type { HookChain } from '../pass/hook-chain.js';
import type { GrpcServerListener } from './grpc-server-internals.js';
import { ServerPassthrough } from './server-passthrough.js';
import { enterScopes } from './scopes.js';
import { callBack, type Tell } from './tell.js';

/** How a pass notifies the layer further in: with user code inside the call's context and every scope. */
export abstract class ServerTelling extends ServerPassthrough {
  abstract readonly chain: HookChain<ServerCallContext, ServerHooks>;
  protected abstract listener: GrpcServerListener | undefined;

  /** The listener, or a scope, threw. */
  protected abstract caught(error: unknown, inUserCode: boolean): void;

  /** Notifies the listener, which runs user code, in the call's context and scopes; what it throws ends the call. */
  protected within<T>(tell: Tell<T>, argument: T): void {
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

  /** Passes to the listener what runs no user code, unless a foreign interceptor is listed further in. */
  protected pass<T>(tell: Tell<T>, argument: T): void {
    try {
      tell(this.listener, argument);
    } catch (error) {
      this.caught(error, true);
    }
  }

  /** A callback that runs user code, inside the call's context and every scope. */
  protected scopedCallback(callback: () => void): () => void {
    return () => this.within(callBack, callback);
  }
}
