// What is listed before a retry sees calls, what is listed after it sees attempts: with the real retry and the real hedging,
// in all four call kinds, the spans, the metrics and the log of both agree with what the server was asked.
import { status, type Interceptor } from '@grpc/grpc-js';
import { SpanKind } from '@opentelemetry/api';
import { Registry } from 'prom-client';
import { loggingClientInterceptor } from 'grpc-js-middleware/logging';
import { metricsClientInterceptor } from 'grpc-js-middleware/metrics';
import { hedgingClientInterceptor, retryClientInterceptor } from 'grpc-js-middleware/retry';
import { injectFaults, startTestServer, type TestServer } from 'grpc-js-middleware/testing';
import { tracingClientInterceptor, tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestSdk, unregister } from '../src/tracing/fixtures/spans.js';
import { echoCall, kinds } from './support/echo-call.js';
import { sumOf } from './support/exposition.js';
import { LineRecorder } from './support/recorded-lines.js';
import { until } from './support/until.js';

let sdk: TestSdk;
let register: Registry;
let log: LineRecorder;
let server: TestServer | undefined;

beforeAll(() => {
  sdk = new TestSdk().register();
});
beforeEach(() => {
  sdk.reset();
  register = new Registry();
  log = new LineRecorder();
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(unregister);

/** Tracing, metrics and logging, on both sides of what makes attempts. */
function around(attempts: Interceptor): Interceptor[] {
  const observers = [
    tracingClientInterceptor(),
    metricsClientInterceptor({ register }),
    loggingClientInterceptor({ logger: log }),
  ];
  return [...observers, attempts, ...observers];
}

const spansOf = (kind: SpanKind, prefix: string) =>
  sdk.spans.filter((span) => span.kind === kind && span.name.startsWith(prefix)).toReversed();
const ids = (spans: ReturnType<typeof spansOf>) => spans.map((span) => span.spanContext().spanId);
const parents = (spans: ReturnType<typeof spansOf>) => spans.map((span) => span.parentSpanContext?.spanId);
const codes = (spans: ReturnType<typeof spansOf>) => spans.map(({ attributes }) => attributes['rpc.status_code']);

describe.each(kinds)('%s', (kind) => {
  test('a call that is tried three times is one call and three attempts', async () => {
    let arrived = 0;
    const random = (): number => (++arrived < 3 ? 0 : 1);
    server = await startTestServer({
      interceptors: [tracingServerInterceptor(), injectFaults({ code: status.UNAVAILABLE, probability: 0.5, random })],
      clientInterceptors: around(retryClientInterceptor({ initialBackoffMs: 1, maxBackoffMs: 1 })),
    });
    expect((await echoCall(server.rawClient, kind, [{ text: 'a', count: 1 }]).seen).code).toBe(status.OK);
    await server.events.until({ side: 'server', hook: 'onEnd' }, { nth: 3 });
    await until(() => sdk.spans.length === 7);

    const [call, ...others] = spansOf(SpanKind.CLIENT, 'grpc_js_middleware');
    const attempts = spansOf(SpanKind.CLIENT, 'Attempt.');
    const served = spansOf(SpanKind.SERVER, '');
    expect(others).toEqual([]);
    expect(codes([call!, ...attempts])).toEqual(['OK', 'UNAVAILABLE', 'UNAVAILABLE', 'OK']);
    expect(attempts.map(({ attributes }) => attributes['previous-rpc-attempts'])).toEqual([0, 1, 2]);
    expect(parents(attempts)).toEqual(Array(3).fill(ids([call!])[0]));
    expect(parents(served)).toEqual(ids(attempts));

    const text = await register.metrics();
    expect(sumOf(text, 'grpc_client_started_total')).toBe(1);
    expect(sumOf(text, 'grpc_client_handled_total', { grpc_code: 'OK' })).toBe(1);
    expect(sumOf(text, 'grpc_client_attempt_started_total')).toBe(3);
    expect(sumOf(text, 'grpc_client_attempt_handled_total', { grpc_code: 'Unavailable' })).toBe(2);
    expect(sumOf(text, 'grpc_client_attempt_handled_total', { grpc_code: 'OK' })).toBe(1);
    expect(sumOf(text, 'grpc_client_in_flight')).toBe(0);

    expect(log.lines.map((line) => [line['grpc.attempt'], line['grpc.code'], line['span_id']])).toEqual([
      [1, 'Unavailable', ids(attempts)[0]],
      [2, 'Unavailable', ids(attempts)[1]],
      [3, 'OK', ids(attempts)[2]],
      [undefined, 'OK', ids([call!])[0]],
    ]);
  });

  test('the attempt that loses a hedge ends too, once', async () => {
    let arrived = 0;
    // The first attempt waits until it is cancelled, the second is answered.
    const random = (): number => (++arrived === 1 ? 0 : 1);
    server = await startTestServer({
      interceptors: [tracingServerInterceptor(), injectFaults({ delayMs: 600_000, probability: 0.5, random })],
      clientInterceptors: around(hedgingClientInterceptor({ maxAttempts: 2, hedgingDelayMs: 5 })),
    });
    expect((await echoCall(server.rawClient, kind, [{ text: 'a', count: 1 }]).seen).code).toBe(status.OK);
    await until(() => sdk.spans.length === 5);

    const [call] = spansOf(SpanKind.CLIENT, 'grpc_js_middleware');
    const attempts = spansOf(SpanKind.CLIENT, 'Attempt.');
    expect(codes([call!])).toEqual(['OK']);
    expect(codes(attempts).toSorted()).toEqual(['CANCELLED', 'OK']);
    expect(parents(attempts)).toEqual(Array(2).fill(ids([call!])[0]));
    expect(parents(spansOf(SpanKind.SERVER, '')).toSorted()).toEqual(ids(attempts).toSorted());

    const text = await register.metrics();
    expect(sumOf(text, 'grpc_client_handled_total', { grpc_code: 'OK' })).toBe(1);
    expect(sumOf(text, 'grpc_client_handled_total')).toBe(1);
    expect(sumOf(text, 'grpc_client_attempt_handled_total', { grpc_code: 'Canceled' })).toBe(1);
    expect(sumOf(text, 'grpc_client_attempt_handled_total')).toBe(2);
    expect(sumOf(text, 'grpc_client_in_flight')).toBe(0);
    expect(log.lines.map((line) => line['grpc.code']).toSorted()).toEqual(['Canceled', 'OK', 'OK']);
    expect(sdk.complaints).toEqual([]);
  });
});
