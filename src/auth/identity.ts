import { callContext, tryCurrentCall, type CallContext, type HandlerCall } from '../core/context.js';
import { identityKey, type Identity } from '../core/shared/identity.js';

/**
 * Who is calling: from an interceptor's `call`, or from the `call` argument of any handler. `undefined` when nobody
 * was authenticated, as may be where a method is open to anyone.
 *
 * @throws Error for a handler's call of a server that lists no interceptor of this library.
 */
export function identityOf(call: CallContext | HandlerCall): Identity | undefined {
  const context = 'getMetricsRecorder' in call ? callContext(call) : call;
  return context.get(identityKey);
}

/** Who is calling, inside a handler or what it awaits; `undefined` when nobody was authenticated, and elsewhere. */
export function currentIdentity(): Identity | undefined {
  return tryCurrentCall()?.get(identityKey);
}
