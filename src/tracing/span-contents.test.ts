import { Metadata, status } from '@grpc/grpc-js';
import { SpanKind } from '@opentelemetry/api';
import { CompositePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { TimedEvent } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defineServerInterceptor } from '../core/define.js';
import { EchoRequest, startTestServer, type TestServer, type TestServerOptions } from '../testing/index.js';
import {
  GrpcTraceBinPropagator,
  tracingClientInterceptor,
  tracingServerInterceptor,
  type TracingOptions,
} from './index.js';
import { SERVICE, TestSdk, call, kinds, methodNames, unregister } from './fixtures/spans.js';

let sdk: TestSdk;
let running: TestServer | undefined;

beforeAll(() => {
  sdk = new TestSdk().register();
});
beforeEach(() => sdk.reset());
afterEach(async () => {
  expect(sdk.complaints).toEqual([]);
  await running?.close();
  running = undefined;
});
afterAll(unregister);

async function start(tracing: TracingOptions, options: TestServerOptions = {}): Promise<TestServer> {
  return (running = await startTestServer({
    ...options,
    interceptors: [tracingServerInterceptor(tracing), ...(options.interceptors ?? [])],
    clientInterceptors: [tracingClientInterceptor(tracing)],
  }));
}

const ended = ({ events }: TestServer) => events.until({ side: 'server', hook: 'onEnd' });

describe('message events', () => {
  const eventsOf = (events: TimedEvent[]) => events.map((e) => [e.name, e.attributes?.['sequence-number']]);

  test('each message is an event, counted from 0 on either side', async () => {
    const echo = await start({ messageEvents: true });
    const requests = ['a', 'b'].map((text) => EchoRequest.fromPartial({ text }));
    for await (const _ of echo.client.bidiEcho(requests));
    await ended(echo);
    const name = `${SERVICE}/BidiEcho`;
    expect(eventsOf(sdk.span(name, SpanKind.SERVER).events).sort()).toEqual([
      ['Inbound message', 0],
      ['Inbound message', 1],
      ['Outbound message', 0],
      ['Outbound message', 1],
    ]);
    expect(eventsOf(sdk.span(name, SpanKind.CLIENT).events).sort()).toEqual([
      ['Inbound message', 0],
      ['Inbound message', 1],
      ['Outbound message', 0],
      ['Outbound message', 1],
    ]);
  });

  test.each(kinds)('one of each in a short call of kind %s', async (kind) => {
    const echo = await start({ messageEvents: true });
    await call(echo.client, kind);
    await ended(echo);
    const { events } = sdk.span(`${SERVICE}/${methodNames[kind]}`, SpanKind.SERVER);
    expect(eventsOf(events)).toEqual([
      ['Inbound message', 0],
      ['Outbound message', 0],
    ]);
  });

  test('none unless asked for', async () => {
    const echo = await start({});
    await call(echo.client, 'bidi_stream');
    await ended(echo);
    expect(sdk.spans.flatMap((span) => span.events)).toEqual([]);
  });
});

describe('metadata', () => {
  const metadata = new Metadata();
  metadata.add('x-shop', 'acme');
  metadata.add('x-shop', 'annex');
  metadata.add('x-secret', 'hunter2');
  metadata.add('noise-bin', Buffer.from([0, 255, 7]));
  const answering = defineServerInterceptor('answering', () => (c) => {
    c.responseHeaders.set('x-served-by', 'replica 2');
    c.responseTrailers.set('x-cost', '7');
  });

  test.each(kinds)('what the allow-list names, and nothing else, in a call of kind %s', async (kind) => {
    const captureMetadata = ['X-Shop', 'noise-bin', 'x-absent', 'x-served-by', 'x-cost'];
    const echo = await start({ captureMetadata }, { interceptors: [answering] });
    await call(echo.client, kind, {}, { metadata });
    await ended(echo);
    const noise = { 'rpc.request.header.noise-bin': ['AP8H'] };
    const captured = (kindOfSpan: SpanKind) =>
      Object.fromEntries(
        Object.entries(sdk.span(`${SERVICE}/${methodNames[kind]}`, kindOfSpan).attributes).filter(([name]) =>
          /header|trailer/.test(name),
        ),
      );
    // HTTP/2 joins the values of one key on the way.
    expect(captured(SpanKind.SERVER)).toEqual({ ...noise, 'rpc.request.header.x-shop': ['acme, annex'] });
    expect(captured(SpanKind.CLIENT)).toEqual({
      ...noise,
      'rpc.request.header.x-shop': ['acme', 'annex'],
      'rpc.response.header.x-served-by': ['replica 2'],
      'rpc.response.trailer.x-cost': ['7'],
    });
  });
});

describe('exceptions', () => {
  const handlers = { echo: () => Promise.reject(new TypeError('broken pipe')) };

  test('are recorded on request, on spans that failed', async () => {
    const echo = await start({ recordExceptions: true }, { handlers });
    await expect(call(echo.client, 'unary')).rejects.toMatchObject({ details: 'Unknown error' });
    await ended(echo);
    expect(sdk.span(`${SERVICE}/Echo`, SpanKind.SERVER).events).toMatchObject([
      { name: 'exception', attributes: { 'exception.type': 'TypeError', 'exception.message': 'broken pipe' } },
    ]);
    expect(sdk.span(`${SERVICE}/Echo`, SpanKind.CLIENT).events).toEqual([]);
  });

  test('are not where the client was wrong, or unless asked for', async () => {
    const echo = await start({ recordExceptions: true });
    await expect(call(echo.client, 'unary', { errorCode: status.NOT_FOUND })).rejects.toThrow();
    await ended(echo);
    await echo.close();
    const quiet = await start({}, { handlers });
    await expect(call(quiet.client, 'unary')).rejects.toThrow();
    await ended(quiet);
    expect(sdk.spans.flatMap((span) => span.events)).toEqual([]);
  });
});

describe('grpc-trace-bin', () => {
  test.each(kinds)('carries the trace in a call of kind %s', async (kind) => {
    const echo = await start({ propagator: new GrpcTraceBinPropagator() });
    await call(echo.client, kind);
    await ended(echo);
    const name = `${SERVICE}/${methodNames[kind]}`;
    const { spanId } = sdk.span(name, SpanKind.CLIENT).spanContext();
    expect(sdk.span(name, SpanKind.SERVER).parentSpanContext).toMatchObject({ spanId, isRemote: true });
  });

  test('can stand beside traceparent', async () => {
    const propagators = [new GrpcTraceBinPropagator(), new W3CTraceContextPropagator()];
    let received: Metadata | undefined;
    const peek = defineServerInterceptor('peek', () => (c) => void (received = c.metadata));
    const echo = await start({ propagator: new CompositePropagator({ propagators }) }, { interceptors: [peek] });
    await call(echo.client, 'unary');
    await ended(echo);
    const { spanId } = sdk.span(`${SERVICE}/Echo`, SpanKind.CLIENT).spanContext();
    expect(received?.get('traceparent')[0]).toContain(spanId);
    expect((received?.get('grpc-trace-bin')[0] as Buffer).toString('hex')).toContain(spanId);
  });
});

test('a server with a provider of its own leaves the global one alone', async () => {
  const own = new TestSdk();
  running = await startTestServer({ interceptors: [tracingServerInterceptor({ tracerProvider: own.provider })] });
  await call(running.client, 'unary');
  await ended(running);
  expect([own.spans.length, sdk.spans.length]).toEqual([1, 0]);
});
