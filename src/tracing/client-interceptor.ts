import { status, type Interceptor, type Metadata, type StatusObject } from '@grpc/grpc-js';
import { SpanKind, type Attributes, type Context, type Span } from '@opentelemetry/api';
import { isAttempt } from '../core/client/client-call.js';
import type { ClientCallContext } from '../core/context.js';
import { sharedContextKey } from '../core/context-key.js';
import { defineClientInterceptor } from '../core/define.js';
import type { ClientHooks } from '../core/hooks.js';
import { fullName } from '../core/match.js';
import { contextWithSpan } from './call-context.js';
import { MessageEvents, captureMetadata, endSpan, startSpan } from './call-span.js';
import {
  ATTEMPT_NAME_PREFIX,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_PREVIOUS_ATTEMPTS,
  ATTR_RPC_METHOD,
  ATTR_RPC_REQUEST_HEADER,
  ATTR_RPC_RESPONSE_HEADER,
  ATTR_RPC_RESPONSE_TRAILER,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from './conventions.js';
import { addAddress, hostAndPort, serverOfTarget } from '../core/base/network-address.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { settingsOf, type TracingOptions, type TracingSettings } from './options.js';
import { activeContext, injectContext, propagates } from './propagation.js';
import { shareSpanIds } from './span-ids.js';

/** The trace context of a logical call, for the attempts inside its retry. */
const callTraceKey = sharedContextKey<Context | undefined>('trace-context/client', undefined);

/**
 * One span per outgoing call, to OpenTelemetry's stable RPC conventions: a child of what is active, its context sent in
 * the call's metadata. Listed after a retry, it makes a child span for each attempt instead.
 *
 * @throws TypeError for a wrong option.
 * @example
 * const client = new ShopClient(target, credentials, { interceptors: [tracingClientInterceptor()] });
 */
export function tracingClientInterceptor(options: TracingOptions = {}): Interceptor {
  if (isListed(arguments)) return uncalled('tracingClientInterceptor', arguments);
  const settings = settingsOf('tracingClientInterceptor', options);
  return defineClientInterceptor('tracing', (method) => {
    const name = fullName(method);
    return (call) => traceCall(settings, name, call);
  });
}

function traceCall(settings: TracingSettings, name: string, call: ClientCallContext): ClientHooks | undefined {
  const tracer = settings.tracer();
  if (tracer === undefined) {
    // Without an SDK, a service still hands on the trace that its caller began.
    if (propagates(settings.propagator)) injectContext(settings.propagator, activeContext(), call.metadata);
    return undefined;
  }
  const attempt = isAttempt(call);
  const parent = (attempt ? call.get(callTraceKey) : undefined) ?? activeContext();
  const attributes = attributesOf(settings, name, call, attempt);
  const spanName = attempt ? ATTEMPT_NAME_PREFIX + name : name;
  const span = startSpan(tracer, spanName, { kind: SpanKind.CLIENT, attributes }, parent);
  const active = span === undefined ? parent : contextWithSpan(parent, span);
  injectContext(settings.propagator, active, call.metadata);
  if (span === undefined) return undefined;
  shareSpanIds(call, span.spanContext());
  if (!attempt) call.set(callTraceKey, active);
  return hooksOf(settings, call, span);
}

function attributesOf(settings: TracingSettings, name: string, call: ClientCallContext, attempt: boolean): Attributes {
  const attributes: Attributes = { [ATTR_RPC_SYSTEM_NAME]: 'grpc', [ATTR_RPC_METHOD]: name };
  if (attempt) attributes[ATTR_PREVIOUS_ATTEMPTS] = call.attempt - 1;
  return captureMetadata(attributes, ATTR_RPC_REQUEST_HEADER, settings.capturedKeys, call.metadata);
}

function hooksOf(settings: TracingSettings, call: ClientCallContext, span: Span): ClientHooks {
  const hooks: ClientHooks = {
    onEnd(end) {
      addAddresses(span, call);
      endSpan(span, end, end.code !== status.OK, settings.recordExceptions);
    },
  };
  if (settings.messageEvents) addMessageEvents(hooks, new MessageEvents(span));
  if (settings.capturedKeys.length > 0) addResponseMetadata(hooks, settings.capturedKeys, span);
  return hooks;
}

/** Added last: grpc-js shows target and peer only once the call was handed down, and neither on a closed channel. */
function addAddresses(span: Span, call: ClientCallContext): void {
  try {
    const attributes: Attributes = {};
    const { target, peer } = call;
    if (target !== '') addAddress(attributes, serverOfTarget(target), ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT);
    if (peer !== 'unknown') {
      addAddress(attributes, hostAndPort(peer), ATTR_NETWORK_PEER_ADDRESS, ATTR_NETWORK_PEER_PORT);
    }
    span.setAttributes(attributes);
  } catch {
    // A span without addresses is better than none.
  }
}

function addMessageEvents(hooks: ClientHooks, events: MessageEvents): void {
  Object.assign(hooks, {
    onRequest: () => events.outbound(),
    onResponse: () => events.inbound(),
  } satisfies ClientHooks);
}

function addResponseMetadata(hooks: ClientHooks, keys: readonly string[], span: Span): void {
  const capture = (prefix: string, metadata: Metadata): void => {
    span.setAttributes(captureMetadata({}, prefix, keys, metadata));
  };
  Object.assign(hooks, {
    onHeaders: (headers: Metadata) => capture(ATTR_RPC_RESPONSE_HEADER, headers),
    onStatus: ({ metadata }: StatusObject) => capture(ATTR_RPC_RESPONSE_TRAILER, metadata),
  } satisfies ClientHooks);
}
