import { TraceFlags, type SpanContext } from '@opentelemetry/api';
import type { CallContext } from '../core/context.js';
import { spanIdsKey } from '../core/shared/span-ids.js';

/** Leaves a span's ids on its call, for log lines and exemplars. */
export function shareSpanIds(call: CallContext, span: SpanContext): void {
  const { traceId, spanId, traceFlags } = span;
  call.set(spanIdsKey, { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
}
