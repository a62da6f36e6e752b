import type { Metadata } from '@grpc/grpc-js';
import {
  SpanStatusCode,
  isSpanContextValid,
  type Attributes,
  type Context,
  type Span,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { isError } from '../core/base/is-error.js';
import type { CallEnd } from '../core/hooks.js';
import { reportHookFailure } from '../core/base/report-failure.js';
import { statusName } from '../core/status/status-name.js';
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_STATUS_CODE,
  ATTR_SEQUENCE_NUMBER,
  EVENT_INBOUND_MESSAGE,
  EVENT_OUTBOUND_MESSAGE,
} from './conventions.js';
import { textOf } from './metadata-carrier.js';

/** What is on a span's status beside the code; grpc-message alone may take kilobytes. */
const MAX_DESCRIPTION = 1024;

/**
 * Starts a span, or answers undefined where there is nothing to record or pass on: no SDK, tracing suppressed, or a
 * tracer that fails. A span that is merely not sampled is passed on, since its decision binds the services behind.
 */
export function startSpan(tracer: Tracer, name: string, options: SpanOptions, parent: Context): Span | undefined {
  try {
    const span = tracer.startSpan(name, options, parent);
    return isSpanContextValid(span.spanContext()) ? span : undefined;
  } catch (error) {
    reportHookFailure('tracing', 'tracer.startSpan', error);
    return undefined;
  }
}

/** The one end of a span. `failed` says whether the code counts as an error on this side. */
export function endSpan(span: Span, end: CallEnd, failed: boolean, recordException: boolean): void {
  const code = statusName(end.code);
  try {
    span.setAttribute(ATTR_RPC_STATUS_CODE, code);
    if (failed) {
      span.setAttribute(ATTR_ERROR_TYPE, code);
      span.setStatus({ code: SpanStatusCode.ERROR, message: end.details.slice(0, MAX_DESCRIPTION) });
      if (recordException && end.error !== undefined) span.recordException(exceptionOf(end.error));
    }
  } finally {
    span.end();
  }
}

/** Allow-listed metadata as attributes: the convention's names, always lists. */
export function captureMetadata(
  attributes: Attributes,
  prefix: string,
  keys: readonly string[],
  metadata: Metadata,
): Attributes {
  for (const key of keys) {
    const values = metadata.get(key);
    if (values.length > 0) attributes[prefix + key] = values.map(textOf);
  }
  return attributes;
}

/** Counts the messages of a call into events of its span. */
export class MessageEvents {
  private received = 0;
  private sent = 0;

  constructor(private readonly span: Span) {}

  inbound(): void {
    this.add(EVENT_INBOUND_MESSAGE, this.received++);
  }

  outbound(): void {
    this.add(EVENT_OUTBOUND_MESSAGE, this.sent++);
  }

  private add(name: string, sequenceNumber: number): void {
    try {
      this.span.addEvent(name, { [ATTR_SEQUENCE_NUMBER]: sequenceNumber });
    } catch (error) {
      reportHookFailure('tracing', 'span.addEvent', error);
    }
  }
}

const exceptionOf = (error: unknown): Error | string => (isError(error) ? error : String(error));
