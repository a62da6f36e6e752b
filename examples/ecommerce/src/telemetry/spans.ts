import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import type { SpanListener } from '../observability/tracing.js';
import type { Telemetry } from './telemetry.js';

/** Hands every span that ends to those who look. */
export function watchSpans(telemetry: Telemetry): SpanListener {
  return (span) => {
    const { session, process } = telemetry;
    if (session === undefined) return;
    const { traceId, spanId } = span.spanContext();
    session.traces.of(traceId)?.addSpan({
      id: spanId,
      parentId: span.parentSpanContext?.spanId ?? '',
      name: span.name,
      process: String(span.attributes['shop.replica'] ?? process),
      kind: SpanKind[span.kind],
      startedAt: hrTimeToMilliseconds(span.startTime),
      durationMs: hrTimeToMilliseconds(span.duration),
      code: SpanStatusCode[span.status.code],
      attributes: span.attributes,
    });
  };
}
