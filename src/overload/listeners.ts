import type { CallContext } from '../core/context.js';
import { isThenable, reportHookFailure } from '../core/report.js';
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

/** The listeners that there are as one which never throws; undefined when there are none. */
export function listenerOf<E>(
  interceptor: string,
  name: string,
  ...listeners: (((event: E) => unknown) | undefined)[]
): ((event: E) => void) | undefined {
  const present = listeners.filter((listener) => listener !== undefined);
  if (present.length === 0) return undefined;
  const failed = (error: unknown): void => reportHookFailure(interceptor, name, error);
  return (event) => {
    for (const listener of present) {
      try {
        const result = listener(event);
        if (isThenable(result)) result.then(undefined, failed);
      } catch (error) {
        failed(error);
      }
    }
  };
}
