import type { CallContext } from '../core/context.js';
import { spanIdsKey } from '../core/shared/span-ids.js';
import type { Exemplar } from './exposition.js';

/** OpenMetrics allows 128 characters for the labels of an exemplar, names included. */
const MAX_ID = 100;

/** The trace of a call as an example of what it counts towards; none unless somebody keeps that trace. */
export function exemplarOf(call: CallContext, value: number): Exemplar | undefined {
  const span = call.get(spanIdsKey);
  if (span === undefined || !span.sampled || span.traceId.length > MAX_ID) return undefined;
  return { labelSet: { traceID: span.traceId }, value, timestamp: Date.now() / 1000 };
}
