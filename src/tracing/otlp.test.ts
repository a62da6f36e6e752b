import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { status } from '@grpc/grpc-js';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer } from '../testing/index.js';
import { tracingClientInterceptor, tracingServerInterceptor } from './index.js';
import { SERVICE, call, kinds, methodNames } from './fixtures/spans.js';

/** As much of OTLP's JSON as is looked at. */
interface OtlpSpan {
  readonly name: string;
  readonly kind: number;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status: { readonly code?: number };
  readonly attributes: { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}
interface OtlpRequest {
  readonly resourceSpans: { readonly scopeSpans: { readonly scope: { name: string }; readonly spans: OtlpSpan[] }[] }[];
}

const received: OtlpRequest[] = [];
let receiver: Server;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    void json(request).then((body) => {
      received.push(body as OtlpRequest);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => receiver.close(resolve)));

test('spans reach an OTLP receiver through the SDK’s exporter', async () => {
  const { port } = receiver.address() as AddressInfo;
  const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${port}/v1/traces` });
  const tracerProvider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'echo' }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracing = { tracerProvider, propagator: new W3CTraceContextPropagator() };
  const echo = await startTestServer({
    interceptors: [tracingServerInterceptor(tracing)],
    clientInterceptors: [tracingClientInterceptor(tracing)],
  });
  for (const kind of kinds) await call(echo.client, kind);
  await call(echo.client, 'unary', { errorCode: status.INTERNAL, errorText: 'broken' }).catch(() => undefined);
  await echo.events.until({ side: 'server', hook: 'onEnd' }, { nth: 5 });
  await tracerProvider.forceFlush();
  await tracerProvider.shutdown();
  await echo.close();

  const scopes = received.flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans));
  const spans = scopes.flatMap((scope) => scope.spans);
  expect(new Set(scopes.map(({ scope }) => scope.name))).toEqual(new Set(['grpc-js-middleware']));
  expect(spans).toHaveLength(10);
  for (const kind of kinds.slice(1)) {
    const [client, server] = [3, 2].map((number) =>
      spans.find((span) => span.name === `${SERVICE}/${methodNames[kind]}` && span.kind === number),
    );
    expect(server?.parentSpanId).toBe(client?.spanId);
    expect(server?.attributes).toContainEqual({ key: 'rpc.status_code', value: { stringValue: 'OK' } });
  }
  expect(spans.filter((span) => span.status.code === 2)).toHaveLength(2);
});
