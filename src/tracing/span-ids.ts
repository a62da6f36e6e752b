import { TraceFlags, isSpanContextValid, type SpanContext } from '@opentelemetry/api';
import type { CallContext } from '../core/context.js';
import { spanIdsKey } from '../core/span-ids.js';

/** Leaves a span's ids on its call, for log lines and exemplars, if they are real. */
export function shareSpanIds(call: CallContext, span: SpanContext): void {
  if (!isSpanContextValid(span)) return;
  const { traceId, spanId, traceFlags } = span;
  call.set(spanIdsKey, { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
}
