import type { Metadata } from '@grpc/grpc-js';
import { ROOT_CONTEXT, context, type Context, type TextMapPropagator } from '@opentelemetry/api';
import { tryCurrentCall } from '../core/context.js';
import { sharedContextKey } from '../core/context-key.js';
import { reportHookFailure } from '../core/base/report-failure.js';
import { CallContext } from './call-context.js';
import { metadataGetter, metadataSetter } from './metadata-carrier.js';

/** The trace context of a server call, for outgoing calls in a process where no context manager is registered. */
export const serverTraceKey = sharedContextKey<Context | undefined>('trace-context/server', undefined);

/** What the caller's metadata says of the trace that this call belongs to. Never throws: who sends it is unknown. */
export function extractContext(propagator: TextMapPropagator, metadata: Metadata): Context {
  try {
    // Whatever is active here belongs to the connection, not to the call.
    const extracted = propagator.extract(CallContext.root, metadata, metadataGetter) as Context | undefined;
    const nothing = typeof extracted?.getValue !== 'function' || extracted === CallContext.root;
    return nothing ? ROOT_CONTEXT : extracted;
  } catch (error) {
    reportHookFailure('tracing', 'propagator.extract', error);
    return ROOT_CONTEXT;
  }
}

/** Writes the trace context into metadata that is about to be sent. Never throws. */
export function injectContext(propagator: TextMapPropagator, from: Context, metadata: Metadata): void {
  try {
    propagator.inject(from, metadata, metadataSetter);
  } catch (error) {
    reportHookFailure('tracing', 'propagator.inject', error);
  }
}

/** Whether a propagator would read or write anything; the API's own stand-in does not. */
export function propagates(propagator: TextMapPropagator): boolean {
  try {
    return propagator.fields().length > 0;
  } catch {
    return true;
  }
}

/** The context that a new client span belongs to. */
export function activeContext(): Context {
  const active = context.active();
  if (active !== ROOT_CONTEXT) return active;
  const ofCall = tryCurrentCall()?.get(serverTraceKey);
  return ofCall === undefined || contextsAreKept(ofCall) ? active : ofCall;
}

/** Whether a context manager is registered: with one, a root context inside a call is somebody's decision. */
function contextsAreKept(probe: Context): boolean {
  return context.with(probe, () => context.active() !== ROOT_CONTEXT);
}
