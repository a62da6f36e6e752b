import { context, diag, propagation, trace, type SpanKind } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Sampler,
} from '@opentelemetry/sdk-trace-base';
import { EchoRequest, type TestServer } from '../testing/index.js';

/** An SDK, registered as an application does it, that keeps its spans. */
export class TestSdk {
  readonly exporter = new InMemorySpanExporter();
  readonly provider: BasicTracerProvider;
  /** What the SDK complained about, such as a span that is ended twice. */
  readonly complaints: string[] = [];

  constructor(sampler?: Sampler) {
    this.provider = new BasicTracerProvider({
      ...(sampler && { sampler }),
      spanProcessors: [new SimpleSpanProcessor(this.exporter)],
    });
  }

  register(): this {
    const complain = (message: string): void => void this.complaints.push(message);
    diag.setLogger({ error: complain, warn: complain, info() {}, debug() {}, verbose() {} });
    trace.setGlobalTracerProvider(this.provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
    );
    return this;
  }

  /** Forgets the spans so far. */
  reset(): void {
    this.exporter.reset();
    this.complaints.length = 0;
  }

  /** The finished spans, outermost first. */
  get spans(): ReadableSpan[] {
    return [...this.exporter.getFinishedSpans()].reverse();
  }

  /** The finished span of this name, of which there must be one. */
  span(name: string, kind?: SpanKind): ReadableSpan {
    const found = this.spans.filter((span) => span.name === name && (kind === undefined || span.kind === kind));
    if (found.length === 1) return found[0]!;
    const all = this.spans.map((span) => `${span.name} (${span.kind})`).join(', ');
    throw new Error(`${found.length} spans named '${name}', among: ${all}`);
  }
}

/** Leaves the API as it was before any SDK was registered. */
export function unregister(): void {
  diag.disable();
  trace.disable();
  context.disable();
  propagation.disable();
}

export const SERVICE = 'grpc_js_middleware.testing.v1.EchoService';

export const kinds = ['unary', 'client_stream', 'server_stream', 'bidi_stream'] as const;
export type Kind = (typeof kinds)[number];

export const methodNames: Record<Kind, string> = {
  unary: 'Echo',
  client_stream: 'ClientEcho',
  server_stream: 'ServerEcho',
  bidi_stream: 'BidiEcho',
};

type Fields = Parameters<typeof EchoRequest.fromPartial>[0];
type Client = TestServer['client'];
type CallOptions = Parameters<Client['echo']>[1];

/** Calls the method of this kind with one request, and reads it to its end. */
export async function call(client: Client, kind: Kind, fields: Fields = {}, options?: CallOptions): Promise<void> {
  const request = EchoRequest.fromPartial(fields);
  if (kind === 'unary') await client.echo(request, options);
  if (kind === 'client_stream') await client.clientEcho([request], options);
  if (kind === 'server_stream') await readAll(client.serverEcho(request, options));
  if (kind === 'bidi_stream') await readAll(client.bidiEcho([request], options));
}

async function readAll(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}
