import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { hrTimeToMilliseconds, hrTimeToTimeStamp, ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** Where spans go: one JSON line each. A real shop would send them to a collector, with an exporter in this one's place. */
export const SPAN_FILE = fileURLToPath(new URL('../../.data/spans.jsonl', import.meta.url));

/** How long a span waits at most before it is written. */
export const FLUSH_MS = 1_000;

/** One line of the file. */
export interface SpanLine {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** The process that it is of. */
  readonly service: string;
  readonly name: string;
  /** `CLIENT`, `SERVER`, … */
  readonly kind: string;
  /** ISO 8601. */
  readonly start: string;
  readonly durationMs: number;
  readonly status: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The recording of a process. */
export interface Tracing {
  /** Writes what is left. */
  flush(): Promise<void>;
  /** The same, and records no more. */
  stop(): Promise<void>;
}

/** Hears of every span that ends. */
export type SpanListener = (span: ReadableSpan) => void;

let started: Tracing | undefined;
const listeners: SpanListener[] = [];

/** Records spans from now on, under the name of this process; whoever asks for it again shares what the first began. */
export function startTracing(serviceName: string, listener?: SpanListener): Tracing {
  if (listener !== undefined) listeners.push(listener);
  return (started ??= newTracing(serviceName));
}

function newTracing(serviceName: string): Tracing {
  const file = new BatchSpanProcessor(new SpanFile(SPAN_FILE), { scheduledDelayMillis: FLUSH_MS });
  const onEnd = (span: ReadableSpan) => {
    file.onEnd(span);
    for (const listener of listeners) listener(span);
  };
  const spanProcessor: SpanProcessor = {
    onStart: (span, context) => file.onStart(span, context),
    onEnd,
    forceFlush: () => file.forceFlush(),
    shutdown: () => file.shutdown(),
  };
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    spanProcessors: [spanProcessor],
  });
  provider.register();
  return { flush: () => provider.forceFlush(), stop: () => provider.shutdown() };
}

class SpanFile implements SpanExporter {
  constructor(private readonly file: string) {}

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    appendFile(this.file, spans.map(toLine).join('')).then(
      () => done({ code: ExportResultCode.SUCCESS }),
      (error: Error) => done({ code: ExportResultCode.FAILED, error }),
    );
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function toLine(span: ReadableSpan): string {
  const { traceId, spanId } = span.spanContext();
  const line: SpanLine = {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    service: String(span.resource.attributes['service.name']),
    name: span.name,
    kind: SpanKind[span.kind],
    start: hrTimeToTimeStamp(span.startTime),
    durationMs: hrTimeToMilliseconds(span.duration),
    status: SpanStatusCode[span.status.code],
    attributes: span.attributes,
  };
  return `${JSON.stringify(line)}\n`;
}
