import { Metadata } from '@grpc/grpc-js';
import { SpanKind, type Span, type TextMapPropagator, type Tracer, type TracerProvider } from '@opentelemetry/api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from '../testing/index.js';
import {
  GrpcTraceBinPropagator,
  tracingClientInterceptor,
  tracingServerInterceptor,
  type TracingOptions,
} from './index.js';
import { SERVICE, TestSdk, call, kinds, methodNames, unregister } from './fixtures/spans.js';

let sdk: TestSdk;
const running: TestServer[] = [];

beforeAll(() => {
  sdk = new TestSdk().register();
});
beforeEach(() => {
  sdk.reset();
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(running.splice(0).map((server) => server.close()));
});
afterAll(unregister);

async function start(tracing: TracingOptions): Promise<TestServer> {
  const server = await startTestServer({
    interceptors: [tracingServerInterceptor(tracing)],
    clientInterceptors: [tracingClientInterceptor(tracing)],
  });
  running.push(server);
  return server;
}

async function callWell(echo: TestServer): Promise<void> {
  for (const [index, kind] of kinds.entries()) {
    await call(echo.client, kind);
    expect(await echo.events.until({ side: 'server', hook: 'onEnd' }, { nth: index + 1 })).toMatchObject({
      code: 'OK',
    });
  }
}

const boom = (): never => {
  throw new Error('boom');
};

describe('garbage in the metadata makes a new trace', () => {
  const id = 'f'.repeat(32);
  test.each<[string, string, string | Buffer]>([
    ['a traceparent of 10 KB', 'traceparent', 'a'.repeat(10_000)],
    ['a traceparent with 10 KB at its end', 'traceparent', `00-${id}-${'f'.repeat(16)}-01${'-'.repeat(10_000)}`],
    ['a traceparent of zeros', 'traceparent', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['a baggage of 20 KB', 'baggage', 'k=v,'.repeat(5_000)],
    ['a tracestate of 10 KB', 'tracestate', `a=${'b'.repeat(10_000)}`],
    ['binary noise', 'grpc-trace-bin', Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 256))],
    ['no bytes', 'grpc-trace-bin', Buffer.alloc(0)],
  ])('%s', async (_, key, value) => {
    const metadata = new Metadata();
    metadata.set(key, value);
    const options = key.endsWith('-bin') ? { propagator: new GrpcTraceBinPropagator() } : {};
    const echo = await startTestServer({ interceptors: [tracingServerInterceptor(options)] });
    running.push(echo);
    for (const kind of kinds) await call(echo.client, kind, {}, { metadata });
    await echo.events.until({ side: 'server', hook: 'onEnd' }, { nth: 4 });
    for (const kind of kinds) {
      const span = sdk.span(`${SERVICE}/${methodNames[kind]}`, SpanKind.SERVER);
      expect(span.parentSpanContext).toBeUndefined();
      expect(span.attributes['rpc.status_code']).toBe('OK');
    }
  });
});

test('an authority of 10 KB is cut', async () => {
  const echo = await start({});
  const host = 'h'.repeat(10_000);
  await call(echo.client, 'unary', {}, { host });
  await echo.events.until({ side: 'server', hook: 'onEnd' });
  expect(sdk.span(`${SERVICE}/Echo`, SpanKind.SERVER).attributes['server.address']).toBe('h'.repeat(255));
});

describe('calls end well, and are traced as far as that goes, with', () => {
  test.each<[string, TextMapPropagator]>([
    ['throws', { inject: boom, extract: boom, fields: boom }],
    [
      'writes what metadata refuses',
      { inject: (_, to, set) => set.set(to, 'x', 'ä\n'), extract: (c) => c, fields: () => [] },
    ],
    [
      'writes under a wrong key',
      { inject: (_, to, set) => set.set(to, 'grpc-x y', 'z'), extract: (c) => c, fields: () => [] },
    ],
  ])('a propagator that %s', async (_, propagator) => {
    await callWell(await start({ propagator }));
    expect(sdk.spans).toHaveLength(8);
    expect(sdk.complaints).toEqual([]);
  });

  test('a propagator that throws, without an SDK', async () => {
    const tracerProvider = { getTracer: () => undefined as unknown as Tracer };
    await callWell(await start({ tracerProvider, propagator: { inject: boom, extract: boom, fields: boom } }));
  });

  test('a propagator that answers nonsense', async () => {
    await callWell(await start({ propagator: { inject() {}, extract: () => undefined as never, fields: () => [] } }));
    await callWell(await start({ propagator: { inject() {}, extract: () => 7 as never, fields: () => ['x'] } }));
  });

  test.each<[string, TracerProvider]>([
    ['provider that throws', { getTracer: boom }],
    ['tracer that throws', { getTracer: () => ({ startSpan: boom, startActiveSpan: boom }) }],
    [
      'tracer that answers nonsense',
      { getTracer: () => ({ startSpan: () => undefined as unknown as Span, startActiveSpan: boom }) },
    ],
  ])('a %s', async (_, tracerProvider) => {
    await callWell(await start({ tracerProvider }));
    expect(sdk.spans).toEqual([]);
  });

  test('a span of which every method throws', async () => {
    const span = {
      spanContext: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }),
      setAttribute: boom,
      setAttributes: boom,
      addEvent: boom,
      setStatus: boom,
      end: vi.fn(boom),
    };
    const tracer = { startSpan: () => span as unknown as Span, startActiveSpan: boom };
    await callWell(await start({ tracerProvider: { getTracer: () => tracer }, messageEvents: true }));
    expect(span.end).toHaveBeenCalledTimes(8);
  });
});
