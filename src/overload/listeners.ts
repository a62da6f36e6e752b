import type { CallContext } from '../core/context.js';
import { listenerOf } from '../core/shared/listeners.js';
import type { OverloadDecision, OverloadKind, OverloadObserver, OverloadVerdict } from './observer.js';

/** The options by which every interceptor here tells what it does. */
export interface DecisionListeners {
  /** Told of every decision. Nothing it throws affects a call. */
  readonly onDecision?: (event: OverloadDecision) => void;
  /** For metrics: told the same, and of changes of state. One object may serve several interceptors. */
  readonly observer?: OverloadObserver;
}

/** Reports one decision. */
export type Announce = (call: CallContext, decision: OverloadVerdict, retryDelayMs: number) => void;

/**
 * How an interceptor announces its decisions; nothing where nobody listens, so that it need not describe them.
 *
 * @param interceptor Its name, for the warning about a listener that fails.
 */
export function announcer(
  kind: OverloadKind,
  interceptor: string,
  { onDecision, observer }: DecisionListeners,
): Announce | undefined {
  const listener = listenerOf(interceptor, 'onDecision', onDecision, observer?.onDecision?.bind(observer));
  if (listener === undefined) return undefined;
  return (call, decision, retryDelayMs) => listener({ kind, decision, method: call.method, call, retryDelayMs });
}
