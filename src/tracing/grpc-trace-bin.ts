import {
  createContextKey,
  isSpanContextValid,
  trace,
  type Context,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api';

const KEY = 'grpc-trace-bin';

/** A version, then three fields: each an identifier and its bytes. */
const LENGTH = 29;
const VERSION = 0;
const TRACE_ID = { field: 0, at: 1, end: 18 };
const SPAN_ID = { field: 1, at: 18, end: 27 };
const FLAGS = { field: 2, at: 27, end: 29 };

/** The SDK's own key, equal by its description, under which a context says that it must leave no trace. */
const suppressed = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/**
 * Trace context in the metadata key `grpc-trace-bin`, as services instrumented with OpenCensus and gRPC's own plugins
 * of other languages send it (gRFC A72). For new systems the W3C's `traceparent` is the better choice; to speak both,
 * give both to a `CompositePropagator`.
 *
 * @example
 * tracingServerInterceptor({
 *   propagator: new CompositePropagator({ propagators: [new GrpcTraceBinPropagator(), new W3CTraceContextPropagator()] }),
 * })
 */
export class GrpcTraceBinPropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span === undefined || !isSpanContextValid(span) || context.getValue(suppressed) === true) return;
    setter.set(carrier, KEY, encode(span).toString('base64'));
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const given = getter.get(carrier, KEY);
    const value = Array.isArray(given) ? given[0] : given;
    const span = typeof value === 'string' ? decode(value) : undefined;
    return span === undefined ? context : trace.setSpanContext(context, span);
  }

  fields(): string[] {
    return [KEY];
  }
}

function encode({ traceId, spanId, traceFlags }: SpanContext): Buffer {
  const bytes = Buffer.alloc(LENGTH);
  bytes[0] = VERSION;
  bytes[TRACE_ID.at] = TRACE_ID.field;
  bytes.write(traceId, TRACE_ID.at + 1, 'hex');
  bytes[SPAN_ID.at] = SPAN_ID.field;
  bytes.write(spanId, SPAN_ID.at + 1, 'hex');
  bytes[FLAGS.at] = FLAGS.field;
  bytes[FLAGS.at + 1] = traceFlags & 0xff;
  return bytes;
}

/** What is longer may carry fields of the future; what is shorter, or of another version, is none of ours. */
function decode(base64: string): SpanContext | undefined {
  const bytes = Buffer.from(base64.slice(0, 2 * LENGTH), 'base64');
  if (bytes.length < LENGTH || bytes[0] !== VERSION) return undefined;
  if ([TRACE_ID, SPAN_ID, FLAGS].some(({ field, at }) => bytes[at] !== field)) return undefined;
  const span = {
    traceId: bytes.toString('hex', TRACE_ID.at + 1, TRACE_ID.end),
    spanId: bytes.toString('hex', SPAN_ID.at + 1, SPAN_ID.end),
    traceFlags: bytes[FLAGS.at + 1]!,
    isRemote: true,
  };
  return isSpanContextValid(span) ? span : undefined;
}
