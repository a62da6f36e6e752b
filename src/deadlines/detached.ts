import { AsyncLocalStorage } from 'node:async_hooks';
import { processWide } from '../core/context-key.js';
import { optionError } from '../core/base/options.js';
import { tryCurrentCall, type ServerCallContext } from '../core/context.js';

/** The server call from whose budget the present code was detached; all copies of this library share it. */
const detachedFrom = processWide('detached', () => new AsyncLocalStorage<ServerCallContext | undefined>());

/**
 * Runs work that outlives the current server call: calls made inside, or by what it awaits, keep neither the call's
 * deadline nor its cancellation. Everything else of the call stays: its trace, log fields and identity.
 *
 * @returns What `run` returns.
 * @throws TypeError when `run` is no function; and what it throws.
 * @example
 * void detached(() => auditClient.record(entry)).catch(report); // goes on after the handler has answered
 */
export function detached<T>(run: () => T): T {
  if (typeof run !== 'function') throw optionError('detached: run', 'a function', run);
  return detachedFrom.run(tryCurrentCall(), run);
}

/** The server call whose budget outgoing calls of the present code keep, if any. */
export function budgetCall(): ServerCallContext | undefined {
  const call = tryCurrentCall();
  // Compared, not merely looked up: a call that is served inside detached code has a budget of its own.
  return call === undefined || call === detachedFrom.getStore() ? undefined : call;
}
