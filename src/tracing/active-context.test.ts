import type {
  ServerDuplexStream,
  ServerReadableStream,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { SpanKind, context, propagation, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EchoHandlers } from '../testing/index.js';
import { EchoRequest, EchoResponse, startTestServer, type TestServer } from '../testing/index.js';
import { tracingClientInterceptor, tracingServerInterceptor } from './index.js';
import { SERVICE, TestSdk, call, kinds, methodNames, unregister } from './fixtures/spans.js';

let sdk: TestSdk;
const running: TestServer[] = [];

beforeAll(() => {
  sdk = new TestSdk().register();
});
beforeEach(() => sdk.reset());
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});
afterAll(unregister);

async function start(handlers: Partial<EchoHandlers> = {}): Promise<TestServer> {
  const server = await startTestServer({
    handlers,
    interceptors: [tracingServerInterceptor()],
    clientInterceptors: [tracingClientInterceptor()],
  });
  running.push(server);
  return server;
}

/** Handlers of all four kinds that do the same, with awaits around it. */
function handlersThat(act: () => Promise<unknown>): EchoHandlers {
  const acted = async (): Promise<EchoResponse> => {
    await turn();
    await act();
    return EchoResponse.fromPartial({});
  };
  return {
    echo: acted,
    async clientEcho(requests) {
      for await (const _ of requests);
      return acted();
    },
    async *serverEcho() {
      yield EchoResponse.fromPartial({});
      yield acted();
    },
    async *bidiEcho(requests) {
      for await (const _ of requests) yield acted();
    },
  };
}

const serverSpan = (method: string) => sdk.span(`${SERVICE}/${method}`, SpanKind.SERVER);
const clientSpan = (method: string) => sdk.span(`${SERVICE}/${method}`, SpanKind.CLIENT);

describe.each(kinds)('in a handler of kind %s', (kind) => {
  const method = methodNames[kind];

  test('spans of the application are children of the call’s', async () => {
    const echo = await start(
      handlersThat(async () => trace.getTracer('application').startActiveSpan('work', (span) => span.end())),
    );
    await call(echo.client, kind);
    await echo.events.until({ side: 'server', hook: 'onEnd' });
    expect(sdk.span('work').parentSpanContext?.spanId).toBe(serverSpan(method).spanContext().spanId);
  });

  test('outgoing calls of every kind are children too, and one trace runs through all', async () => {
    const stock = await start();
    const echo = await start(
      handlersThat(async () => {
        for (const next of kinds.filter((each) => each !== kind)) await call(stock.client, next);
      }),
    );
    await call(echo.client, kind);
    await echo.events.until({ side: 'server', hook: 'onEnd' });
    await stock.events.until({ side: 'server', hook: 'onEnd' }, { nth: 3 });

    expect(new Set(sdk.spans.map((span) => span.spanContext().traceId)).size).toBe(1);
    for (const next of kinds.filter((each) => each !== kind)) {
      const outgoing = clientSpan(methodNames[next]);
      expect(outgoing.parentSpanContext?.spanId).toBe(serverSpan(method).spanContext().spanId);
      expect(serverSpan(methodNames[next]).parentSpanContext?.spanId).toBe(outgoing.spanContext().spanId);
    }
  });

  test('baggage arrives', async () => {
    let tenant: string | undefined;
    const echo = await start(
      handlersThat(async () => (tenant = propagation.getActiveBaggage()?.getEntry('tenant')?.value)),
    );
    const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
    await context.with(propagation.setBaggage(context.active(), baggage), () => call(echo.client, kind));
    expect(tenant).toBe('acme');
  });
});

test('plain handlers and the listeners of their streams run inside the span too', async () => {
  const seen: [string, string | undefined][] = [];
  const note = (place: string): void => void seen.push([place, trace.getActiveSpan()?.spanContext().spanId]);
  const answer = EchoResponse.fromPartial({});
  const echo = await startTestServer({
    interceptors: [tracingServerInterceptor()],
    implementation: {
      echo(_call: unknown, respond: (error: null, response: EchoResponse) => void) {
        note('Echo');
        setImmediate(() => (note('Echo'), respond(null, answer)));
      },
      serverEcho(stream: ServerWritableStream<EchoRequest, EchoResponse>) {
        note('ServerEcho');
        stream.write(answer, () => note('ServerEcho'));
        stream.end();
      },
      clientEcho(
        stream: ServerReadableStream<EchoRequest, EchoResponse>,
        respond: (error: null, response: EchoResponse) => void,
      ) {
        stream.on('data', () => note('ClientEcho'));
        stream.on('end', () => (note('ClientEcho'), respond(null, answer)));
      },
      bidiEcho(stream: ServerDuplexStream<EchoRequest, EchoResponse>) {
        stream.on('data', () => (note('BidiEcho'), stream.write(answer)));
        stream.on('end', () => (note('BidiEcho'), stream.end()));
      },
    } as unknown as UntypedServiceImplementation,
  });
  running.push(echo);
  for (const kind of kinds) await call(echo.client, kind);
  await echo.events.until({ side: 'server', hook: 'onEnd' }, { nth: 4 });
  const expected = kinds.flatMap((kind) => {
    const name = methodNames[kind];
    const { spanId } = serverSpan(name).spanContext();
    return [
      [name, spanId],
      [name, spanId],
    ];
  });
  expect(seen).toEqual(expected);
});

test('concurrent calls keep their contexts apart', async () => {
  const seen = new Map<string, string | undefined>();
  const echo = await start({
    async echo({ text }) {
      await turn();
      seen.set(text, trace.getActiveSpan()?.spanContext().traceId);
      return EchoResponse.fromPartial({});
    },
  });
  const tracer = trace.getTracer('application');
  const started = await Promise.all(
    ['a', 'b', 'c', 'd'].map((text) =>
      tracer.startActiveSpan(text, async (span) => {
        await echo.client.echo(EchoRequest.fromPartial({ text }));
        span.end();
        return [text, span.spanContext().traceId] as const;
      }),
    ),
  );
  expect([...seen].sort()).toEqual(started);
});

test('where tracing is suppressed, nothing is traced and nothing sent', async () => {
  const received: unknown[] = [];
  const echo = await start({
    async echo(_request, { metadata }) {
      received.push(metadata.get('traceparent'));
      return EchoResponse.fromPartial({});
    },
  });
  await trace.getTracer('application').startActiveSpan('outer', (outer) =>
    context.with(suppressTracing(context.active()), async () => {
      await echo.client.echo(EchoRequest.fromPartial({}));
      outer.end();
    }),
  );
  await echo.events.until({ side: 'server', hook: 'onEnd' });
  expect(received).toEqual([[]]);
  expect(sdk.spans.map(({ kind, name }) => [kind, name])).toEqual([
    [SpanKind.INTERNAL, 'outer'],
    [SpanKind.SERVER, `${SERVICE}/Echo`],
  ]);
});

test('the caller’s metadata object is left as it was', async () => {
  const { Metadata } = await import('@grpc/grpc-js');
  const metadata = new Metadata();
  metadata.set('x-shop', '1');
  const echo = await start();
  await echo.client.echo(EchoRequest.fromPartial({}), { metadata });
  expect(metadata.getMap()).toEqual({ 'x-shop': '1' });
});
