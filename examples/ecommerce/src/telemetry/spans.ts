import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Telemetry } from './telemetry.js';

/** Hands every span that ends to those who look. */
export class SpanWatch implements SpanProcessor {
  constructor(private readonly telemetry: Telemetry) {}

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { session, process } = this.telemetry;
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
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
