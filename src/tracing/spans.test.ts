import { status } from '@grpc/grpc-js';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defineServerInterceptor } from '../core/define.js';
import { spanIdsKey, type SpanIds } from '../core/shared/span-ids.js';
import { StatusError } from '../core/status/status-error.js';
import { EchoRequest, startTestServer, type TestServer, type TestServerOptions } from '../testing/index.js';
import { tracingClientInterceptor, tracingServerInterceptor } from './index.js';
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

async function start(options: TestServerOptions = {}): Promise<TestServer> {
  return (running = await startTestServer({
    ...options,
    interceptors: [tracingServerInterceptor(), ...(options.interceptors ?? [])],
    clientInterceptors: [tracingClientInterceptor(), ...(options.clientInterceptors ?? [])],
  }));
}

/** The recorders stand outside of tracing, so that spans are done when these saw the end. */
async function bothEnds({ events }: TestServer) {
  return {
    server: await events.until({ side: 'server', hook: 'onEnd' }),
    client: await events.until({ side: 'client', hook: 'onEnd' }),
  };
}

const statusOf = ({ status: { code, message } }: ReadableSpan) => ({ code, message });

describe.each(kinds)('%s', (kind) => {
  const name = `${SERVICE}/${methodNames[kind]}`;
  const serverSpan = () => sdk.span(name, SpanKind.SERVER);
  const clientSpan = () => sdk.span(name, SpanKind.CLIENT);

  test('one span on either side, the server one a child of the client one', async () => {
    const echo = await start();
    await call(echo.client, kind);
    await bothEnds(echo);

    expect(sdk.spans).toHaveLength(2);
    expect(serverSpan().parentSpanContext).toMatchObject({ spanId: clientSpan().spanContext().spanId, isRemote: true });
    expect(serverSpan().spanContext().traceId).toBe(clientSpan().spanContext().traceId);
    expect(clientSpan().parentSpanContext).toBeUndefined();
    expect(serverSpan().attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': name,
      'rpc.status_code': 'OK',
      'server.address': '127.0.0.1',
      'server.port': echo.port,
      'network.peer.address': '127.0.0.1',
      'network.peer.port': expect.any(Number) as number,
    });
    expect(clientSpan().attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': name,
      'rpc.status_code': 'OK',
      'server.address': '127.0.0.1',
      'server.port': echo.port,
      'network.peer.address': '127.0.0.1',
      'network.peer.port': echo.port,
    });
    for (const span of [serverSpan(), clientSpan()]) {
      expect(statusOf(span)).toEqual({ code: SpanStatusCode.UNSET, message: undefined });
      expect([span.events, span.links]).toEqual([[], []]);
    }
  });

  test('a failure that is the client’s is no error of the server', async () => {
    const echo = await start();
    const failing = call(echo.client, kind, { errorCode: status.NOT_FOUND, errorText: 'no such thing' });
    await expect(failing).rejects.toMatchObject({ code: status.NOT_FOUND });
    await bothEnds(echo);

    expect(statusOf(serverSpan()).code).toBe(SpanStatusCode.UNSET);
    expect(serverSpan().attributes).toMatchObject({ 'rpc.status_code': 'NOT_FOUND' });
    expect(serverSpan().attributes).not.toHaveProperty('error.type');
    expect(statusOf(clientSpan())).toEqual({ code: SpanStatusCode.ERROR, message: 'no such thing' });
    expect(clientSpan().attributes).toMatchObject({ 'rpc.status_code': 'NOT_FOUND', 'error.type': 'NOT_FOUND' });
  });

  test('what a handler threw stays out of the span', async () => {
    const secret = (): never => {
      throw new Error('password hunter2');
    };
    const echo = await start({
      handlers: {
        echo: async () => secret(),
        clientEcho: async () => secret(),
        serverEcho: async function* () {
          yield await Promise.resolve(secret());
        },
        bidiEcho: async function* () {
          yield await Promise.resolve(secret());
        },
      },
    });
    await expect(call(echo.client, kind)).rejects.toMatchObject({ code: status.UNKNOWN });
    await bothEnds(echo);

    expect(statusOf(serverSpan())).toEqual({ code: SpanStatusCode.ERROR, message: 'Unknown error' });
    expect(JSON.stringify(sdk.spans.map(({ attributes, events }) => [attributes, events]))).not.toContain('hunter2');
  });

  test('a refusal by an interceptor further in has its span', async () => {
    const refuse = defineServerInterceptor('refuse', () => () => ({
      admit() {
        throw new StatusError(status.UNAVAILABLE, 'Come back later');
      },
    }));
    const echo = await start({ interceptors: [refuse] });
    await expect(call(echo.client, kind)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await bothEnds(echo);
    expect(serverSpan().attributes).toMatchObject({ 'rpc.status_code': 'UNAVAILABLE', 'error.type': 'UNAVAILABLE' });
    expect(statusOf(serverSpan())).toEqual({ code: SpanStatusCode.ERROR, message: 'Come back later' });
  });

  test('a cancelled call ends both spans', async () => {
    const echo = await start();
    const aborted = new AbortController();
    const calling = call(echo.client, kind, { delayMs: 60_000 }, { signal: aborted.signal });
    await echo.events.until({ side: 'server', hook: 'onRequest' });
    aborted.abort();
    await expect(calling).rejects.toMatchObject({ code: status.CANCELLED });
    await bothEnds(echo);
    expect(serverSpan().attributes).toMatchObject({ 'rpc.status_code': 'CANCELLED' });
    expect(statusOf(serverSpan()).code).toBe(SpanStatusCode.UNSET);
    expect(clientSpan().attributes).toMatchObject({ 'rpc.status_code': 'CANCELLED', 'error.type': 'CANCELLED' });
  });

  test('an expired call ends both spans', async () => {
    const echo = await start();
    await call(echo.client, kind); // connects
    await bothEnds(echo);
    echo.events.clear();
    sdk.reset();
    const calling = call(echo.client, kind, { delayMs: 60_000 }, { timeoutMs: 1_000 });
    await expect(calling).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    const ends = await bothEnds(echo);
    expect(serverSpan().attributes['rpc.status_code']).toBe(ends.server.code);
    expect(clientSpan().attributes).toMatchObject({ 'rpc.status_code': 'DEADLINE_EXCEEDED' });
  });

  test('a lost connection ends both spans', async () => {
    const echo = await start();
    const calling = call(echo.client, kind, { delayMs: 60_000 });
    await echo.events.until({ side: 'server', hook: 'onRequest' });
    echo.server.forceShutdown();
    await expect(calling).rejects.toMatchObject({ code: status.CANCELLED });
    const ends = await bothEnds(echo);
    expect(serverSpan().attributes['rpc.status_code']).toBe(ends.server.code);
    expect(clientSpan().attributes['rpc.status_code']).toBe(ends.client.code);
  });

  test('an oversize message ends both spans with what the client was sent', async () => {
    const echo = await start({ serverOptions: { 'grpc.max_receive_message_length': 10 } });
    await expect(call(echo.client, kind, { text: 'x'.repeat(100) })).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    });
    const ends = await bothEnds(echo);
    expect(ends.server.code).toBe('RESOURCE_EXHAUSTED');
    expect(serverSpan().attributes['rpc.status_code']).toBe('RESOURCE_EXHAUSTED');
    expect(clientSpan().attributes['rpc.status_code']).toBe('RESOURCE_EXHAUSTED');
  });

  test('the ids of the span are on the call, on both sides', async () => {
    const found: (SpanIds | undefined)[] = [];
    const peek = defineServerInterceptor('peek', () => (c) => void found.push(c.get(spanIdsKey)));
    const echo = await start({ interceptors: [peek] });
    await call(echo.client, kind);
    await bothEnds(echo);
    const { traceId, spanId } = serverSpan().spanContext();
    expect(found).toEqual([{ traceId, spanId, sampled: true }]);
  });
});

test.each([
  ['OK', false],
  ['CANCELLED', false],
  ['UNKNOWN', true],
  ['INVALID_ARGUMENT', false],
  ['DEADLINE_EXCEEDED', true],
  ['NOT_FOUND', false],
  ['ALREADY_EXISTS', false],
  ['PERMISSION_DENIED', false],
  ['RESOURCE_EXHAUSTED', false],
  ['FAILED_PRECONDITION', false],
  ['ABORTED', false],
  ['OUT_OF_RANGE', false],
  ['UNIMPLEMENTED', true],
  ['INTERNAL', true],
  ['UNAVAILABLE', true],
  ['DATA_LOSS', true],
  ['UNAUTHENTICATED', false],
] as const)('%s counts as an error of the server: %j', async (code, isError) => {
  const echo = await start();
  await echo.client
    .echo(EchoRequest.fromPartial({ errorCode: status[code], errorText: 'text' }))
    .catch(() => undefined);
  await bothEnds(echo);
  const server = sdk.span(`${SERVICE}/Echo`, SpanKind.SERVER);
  const client = sdk.span(`${SERVICE}/Echo`, SpanKind.CLIENT);
  expect(statusOf(server)).toEqual(
    isError ? { code: SpanStatusCode.ERROR, message: 'text' } : { code: SpanStatusCode.UNSET, message: undefined },
  );
  expect(server.attributes['error.type']).toBe(isError ? code : undefined);
  expect(server.attributes['rpc.status_code']).toBe(code);
  expect(statusOf(client).code).toBe(code === 'OK' ? SpanStatusCode.UNSET : SpanStatusCode.ERROR);
  expect(client.attributes['error.type']).toBe(code === 'OK' ? undefined : code);
});

test('a call on a closed channel has a client span', async () => {
  const echo = await start();
  echo.rawClient.close();
  await expect(echo.client.echo(EchoRequest.fromPartial({}))).rejects.toMatchObject({ code: status.UNAVAILABLE });
  await echo.events.until({ side: 'client', hook: 'onEnd' });
  expect(sdk.span(`${SERVICE}/Echo`).attributes).toMatchObject({ 'rpc.status_code': 'UNAVAILABLE' });
});

test('a long text does not fill the span', async () => {
  const echo = await start();
  const errorText = 'x'.repeat(2000);
  await expect(call(echo.client, 'unary', { errorCode: status.INTERNAL, errorText })).rejects.toThrow();
  await bothEnds(echo);
  expect(sdk.spans.map((span) => span.status.message?.length)).toEqual([1024, 1024]);
});

test('sampled spans carry the flag on', async () => {
  const echo = await start();
  await call(echo.client, 'unary');
  await bothEnds(echo);
  expect(sdk.spans.map((span) => span.spanContext().traceFlags)).toEqual([TraceFlags.SAMPLED, TraceFlags.SAMPLED]);
});
