import manifest from '../../package.json' with { type: 'json' };
import { Metadata } from '@grpc/grpc-js';
import { ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineServerInterceptor } from '../core/define.js';
import { spanIdsKey, type SpanIds } from '../core/shared/span-ids.js';
import {
  EchoRequest,
  EchoResponse,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../testing/index.js';
import { tracingClientInterceptor, tracingServerInterceptor, type TracingOptions } from './index.js';
import { TestSdk, call, kinds, unregister, SERVICE } from './fixtures/spans.js';

const running: TestServer[] = [];

beforeEach(unregister);
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
  unregister();
});

async function start(tracing: TracingOptions, options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer({
    ...options,
    interceptors: [tracingServerInterceptor(tracing), ...(options.interceptors ?? [])],
    clientInterceptors: [tracingClientInterceptor(tracing)],
  });
  running.push(server);
  return server;
}

/** Two services: the first calls the second, which tells what it received. */
async function startChain(tracing: TracingOptions) {
  const received: Metadata[] = [];
  const second = await start(tracing, {
    handlers: {
      async echo(_request, { metadata }) {
        received.push(metadata);
        return EchoResponse.fromPartial({});
      },
    },
  });
  const first = await start(tracing, { handlers: { echo: (request) => second.client.echo(request) } });
  return { client: first.client, received };
}

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

function withTraceparent(value: string): Metadata {
  const metadata = new Metadata();
  metadata.set('traceparent', value);
  return metadata;
}

test('without an SDK and a propagator nothing is added to a call', async () => {
  const echo = await start({});
  for (const kind of kinds) await call(echo.client, kind);
  const { client, received } = await startChain({});
  await client.echo(EchoRequest.fromPartial({}), { metadata: withTraceparent(traceparent) });
  expect(received.map((metadata) => metadata.get('traceparent'))).toEqual([[]]);
});

describe.each(['without', 'with'])('without an SDK, %s a context manager', (manager) => {
  beforeEach(() => {
    if (manager === 'with') context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  test('a given propagator hands on the caller’s trace', async () => {
    const { client, received } = await startChain({ propagator: new W3CTraceContextPropagator() });
    await client.echo(EchoRequest.fromPartial({}), { metadata: withTraceparent(traceparent) });
    expect(received.map((metadata) => metadata.get('traceparent'))).toEqual([[traceparent]]);
  });

  test('a global propagator does, and log lines can name the trace', async () => {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    const seen: (SpanIds | undefined)[] = [];
    const peek = defineServerInterceptor('peek', () => (c) => void seen.push(c.get(spanIdsKey)));
    const echo = await start({}, { interceptors: [peek] });
    await echo.client.echo(EchoRequest.fromPartial({}), { metadata: withTraceparent(traceparent) });
    await echo.client.echo(EchoRequest.fromPartial({}));
    expect(seen).toEqual([{ traceId, spanId: 'b7ad6b7169203331', sampled: true }, undefined]);
  });
});

test('a root context that the application chose is kept', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracing = { propagator: new W3CTraceContextPropagator() };
  const received: Metadata[] = [];
  const second = await start(tracing, {
    handlers: {
      async echo(_request, { metadata }) {
        received.push(metadata);
        return EchoResponse.fromPartial({});
      },
    },
  });
  const first = await start(tracing, {
    handlers: { echo: (request) => context.with(ROOT_CONTEXT, () => second.client.echo(request)) },
  });
  await first.client.echo(EchoRequest.fromPartial({}), { metadata: withTraceparent(traceparent) });
  expect(received.map((metadata) => metadata.get('traceparent'))).toEqual([[]]);
});

test('an SDK that is registered later is found, and its removal too', async () => {
  const echo = await start({});
  await call(echo.client, 'unary');
  const sdk = new TestSdk().register();
  await call(echo.client, 'unary');
  await echo.events.until({ side: 'server', hook: 'onEnd' }, { nth: 2 });
  expect(sdk.spans).toHaveLength(2);

  unregister();
  await call(echo.client, 'unary');
  await echo.events.until({ side: 'server', hook: 'onEnd' }, { nth: 3 });
  expect(sdk.spans).toHaveLength(2);
});

test('a given provider is used without any global one, and its spans reach across a call', async () => {
  const sdk = new TestSdk();
  const { client } = await startChain({ tracerProvider: sdk.provider, propagator: new W3CTraceContextPropagator() });
  await client.echo(EchoRequest.fromPartial({}));
  await Promise.all(running.map(({ events }) => events.until({ side: 'server', hook: 'onEnd' })));

  expect(sdk.spans).toHaveLength(4);
  const ids = new Set(sdk.spans.map((span) => span.spanContext().spanId));
  const parents = sdk.spans.map((span) => span.parentSpanContext?.spanId).filter((id) => id !== undefined);
  expect(parents.every((id) => ids.has(id))).toBe(true);
  expect(parents).toHaveLength(3);
});

test('a call that is not sampled stays so behind it, and is named in logs as not sampled', async () => {
  const seen: (SpanIds | undefined)[] = [];
  const off = new TestSdk(new AlwaysOffSampler());
  off.register();
  const received: Metadata[] = [];
  const peek = defineServerInterceptor('peek', () => (c) => {
    seen.push(c.get(spanIdsKey));
    received.push(c.metadata);
  });
  const echo = await start({}, { interceptors: [peek] });
  for (const kind of kinds) await call(echo.client, kind);
  expect(off.spans).toEqual([]);
  expect(seen.map((ids) => ids?.sampled)).toEqual([false, false, false, false]);
  for (const metadata of received) expect(metadata.get('traceparent')[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test('the scope of our spans names this library', async () => {
  const sdk = new TestSdk().register();
  const echo = await start({});
  await call(echo.client, 'unary');
  await echo.events.until({ side: 'server', hook: 'onEnd' });
  expect(trace.isSpanContextValid(sdk.span(`${SERVICE}/Echo`, 1).spanContext())).toBe(true);
  expect(new Set(sdk.spans.map((span) => span.instrumentationScope.name))).toEqual(new Set(['grpc-js-middleware']));
  expect(new Set(sdk.spans.map((span) => span.instrumentationScope.version))).toEqual(new Set([manifest.version]));
});
