import { sharedContextKey } from '../context-key.js';

/** The ids of the span that covers a call, in hexadecimal. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether the trace is kept: what links to it (an exemplar) should only be made when it is. */
  readonly sampled: boolean;
}

/** Where the tracing interceptor leaves the span's ids, for log lines and exemplars. @internal */
export const spanIdsKey = sharedContextKey<SpanIds | undefined>('span-ids', undefined);
