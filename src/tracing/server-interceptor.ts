import type { ServerInterceptor } from '@grpc/grpc-js';
import {
  ROOT_CONTEXT,
  SpanKind,
  context,
  isSpanContextValid,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import type { CallEnd, ServerHooks } from '../core/hooks.js';
import { fullName } from '../core/match.js';
import { contextWithSpan } from './call-context.js';
import { MessageEvents, captureMetadata, endSpan, startSpan } from './call-span.js';
import {
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_RPC_METHOD,
  ATTR_RPC_REQUEST_HEADER,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from './conventions.js';
import { addAddress, hostAndPort } from '../core/base/network-address.js';
import { isServerError } from '../core/status/server-errors.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { settingsOf, type TracingOptions, type TracingSettings } from './options.js';
import { extractContext, propagates, serverTraceKey } from './propagation.js';
import { shareSpanIds } from './span-ids.js';

/**
 * One span per call, to OpenTelemetry's stable RPC conventions: a child of the caller's, active in the handler and in
 * all that it awaits, ended once with the code that the client was sent, whatever ended the call.
 *
 * @throws TypeError for a wrong option.
 * @example
 * const server = new Server({ interceptors: [tracingServerInterceptor()] });
 */
export function tracingServerInterceptor(options: TracingOptions = {}): ServerInterceptor {
  if (isListed(arguments)) return uncalled('tracingServerInterceptor', arguments);
  const settings = settingsOf('tracingServerInterceptor', options);
  return defineServerInterceptor('tracing', (method) => {
    const name = fullName(method);
    return (call) => traceCall(settings, name, call);
  });
}

function traceCall(settings: TracingSettings, name: string, call: ServerCallContext): ServerHooks | undefined {
  const tracer = settings.tracer();
  // Without an SDK, a service still hands on the trace that its caller began.
  if (tracer === undefined && !propagates(settings.propagator)) return undefined;
  const parent = extractContext(settings.propagator, call.metadata);
  const span =
    tracer &&
    startSpan(tracer, name, { kind: SpanKind.SERVER, attributes: attributesOf(settings, name, call) }, parent);
  const active = span === undefined ? parent : contextWithSpan(parent, span);
  if (active === ROOT_CONTEXT) return undefined;
  call.set(serverTraceKey, active);
  const ids = span === undefined ? callersIds(active) : span.spanContext();
  if (ids !== undefined) shareSpanIds(call, ids);
  if (span === undefined) return new ActiveContext(active);
  return settings.messageEvents
    ? new EventfulServerSpan(active, span, settings.recordExceptions)
    : new ServerSpan(active, span, settings.recordExceptions);
}

function callersIds(active: Context): SpanContext | undefined {
  const ids = trace.getSpanContext(active);
  return ids !== undefined && isSpanContextValid(ids) ? ids : undefined;
}

function attributesOf(settings: TracingSettings, name: string, call: ServerCallContext): Attributes {
  const attributes: Attributes = { [ATTR_RPC_SYSTEM_NAME]: 'grpc', [ATTR_RPC_METHOD]: name };
  const { authority, peer } = call;
  if (authority !== '') addAddress(attributes, hostAndPort(authority), ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT);
  if (peer !== 'unknown') addAddress(attributes, hostAndPort(peer), ATTR_NETWORK_PEER_ADDRESS, ATTR_NETWORK_PEER_PORT);
  return captureMetadata(attributes, ATTR_RPC_REQUEST_HEADER, settings.capturedKeys, call.metadata);
}

/** The handler, and what it awaits, runs inside a trace context. */
class ActiveContext implements ServerHooks {
  constructor(private readonly active: Context) {}

  scope<T>(run: () => T): T {
    return context.with(this.active, run);
  }
}

class ServerSpan extends ActiveContext {
  constructor(
    active: Context,
    private readonly span: Span,
    private readonly recordExceptions: boolean,
  ) {
    super(active);
  }

  onEnd(end: CallEnd): void {
    endSpan(this.span, end, isServerError(end.code), this.recordExceptions);
  }
}

class EventfulServerSpan extends ServerSpan {
  private readonly events: MessageEvents;

  constructor(active: Context, span: Span, recordExceptions: boolean) {
    super(active, span, recordExceptions);
    this.events = new MessageEvents(span);
  }

  onRequest(): void {
    this.events.inbound();
  }

  onResponse(): void {
    this.events.outbound();
  }
}
