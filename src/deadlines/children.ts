import { status } from '@grpc/grpc-js';
import { endClientCall } from '../core/client/client-call.js';
import type { ClientCallContext, ServerCallContext } from '../core/context.js';
import { contextKey } from '../core/context-key.js';
import { StatusError } from '../core/status/status-error.js';

/**
 * The outgoing calls of one server call that are still running. However many there are, they share one listener on its
 * signal, and a call that ends leaves the set: nothing is left behind.
 */
class Children {
  private readonly running = new Set<ClientCallContext>();

  constructor({ signal }: ServerCallContext) {
    signal.addEventListener('abort', () => this.endAll(parentEnded(signal.reason)), { once: true });
  }

  add(child: ClientCallContext): void {
    this.running.add(child);
  }

  delete(child: ClientCallContext): void {
    this.running.delete(child);
  }

  private endAll(error: StatusError): void {
    for (const child of this.running) endClientCall(child, error);
    this.running.clear();
  }
}

const childrenKey = contextKey<Children | undefined>('children', undefined);

/** The outgoing calls of a server call, to be ended with it. */
export function childrenOf(parent: ServerCallContext): Children {
  const known = parent.get(childrenKey);
  if (known !== undefined) return known;
  const children = new Children(parent);
  parent.set(childrenKey, children);
  return children;
}

/** What a call ends with because the server call that it works for was cut short. */
export function parentEnded(reason: unknown): StatusError {
  return (reason as StatusError | undefined)?.code === status.DEADLINE_EXCEEDED
    ? new StatusError(status.DEADLINE_EXCEEDED, 'The deadline of the call that this one works for has passed')
    : new StatusError(status.CANCELLED, 'The call that this one works for was cancelled');
}
