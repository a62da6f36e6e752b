import { Metadata, status, type InterceptingCall, type Interceptor, type StatusObject } from '@grpc/grpc-js';
import { SpanKind } from '@opentelemetry/api';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { withAttempt } from '../core/client/client-call.js';
import { EchoRequest, injectFaults, startTestServer } from '../testing/index.js';
import { tracingClientInterceptor, tracingServerInterceptor } from './index.js';
import { SERVICE, TestSdk, unregister } from './fixtures/spans.js';

let sdk: TestSdk;

beforeAll(() => {
  sdk = new TestSdk().register();
});
beforeEach(() => sdk.reset());
afterAll(unregister);

/** As little of a retry as shows attempts: a unary call is made again while it is UNAVAILABLE. */
const retry: Interceptor = (options, nextCall) => {
  let message: unknown;
  const attempt = (number: number, metadata: Metadata, listener: Listener): void => {
    const call = nextCall(withAttempt(options, number)) as InterceptingCall;
    let answer: unknown = null;
    call.start(metadata.clone(), {
      onReceiveMetadata() {},
      onReceiveMessage: (received: unknown) => void (answer = received),
      onReceiveStatus(end: StatusObject) {
        if (end.code === status.UNAVAILABLE && number < 3) return attempt(number + 1, metadata, listener);
        listener.onReceiveMetadata(new Metadata());
        listener.onReceiveMessage(answer);
        listener.onReceiveStatus(end);
      },
    });
    call.sendMessage(message);
    call.halfClose();
    call.startRead();
  };
  let begin: () => void;
  const outer = {
    start: (metadata: Metadata, listener: Listener) => (begin = () => attempt(1, metadata, listener)),
    sendMessageWithContext: (_: unknown, given: unknown) => void (message = given),
    halfClose: () => begin(),
    startRead() {},
    cancelWithStatus() {},
    getPeer: () => 'unknown',
  };
  return outer as unknown as InterceptingCall;
};

interface Listener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(end: StatusObject): void;
}

const name = `${SERVICE}/Echo`;

async function callThroughRetry(clientInterceptors: Interceptor[]) {
  let calls = 0;
  const random = (): number => (++calls <= 2 ? 0 : 1);
  const echo = await startTestServer({
    interceptors: [tracingServerInterceptor(), injectFaults({ code: status.UNAVAILABLE, probability: 0.5, random })],
    clientInterceptors,
  });
  await echo.client.echo(EchoRequest.fromPartial({}));
  await echo.events.until({ side: 'server', hook: 'onEnd' }, { nth: 3 });
  await echo.close();
  return echo;
}

test('inside a retry each attempt is a child of the call, and the parent of what its server does', async () => {
  await callThroughRetry([tracingClientInterceptor(), retry, tracingClientInterceptor()]);
  const logical = sdk.span(name, SpanKind.CLIENT);
  const attempts = sdk.spans.filter((span) => span.name === `Attempt.${name}`).reverse();
  const served = sdk.spans.filter((span) => span.kind === SpanKind.SERVER).reverse();

  expect(logical.attributes).toMatchObject({ 'rpc.status_code': 'OK' });
  expect(logical.attributes).not.toHaveProperty('previous-rpc-attempts');
  expect(
    attempts.map(({ attributes }) => [attributes['previous-rpc-attempts'], attributes['rpc.status_code']]),
  ).toEqual([
    [0, 'UNAVAILABLE'],
    [1, 'UNAVAILABLE'],
    [2, 'OK'],
  ]);
  expect(attempts.map(({ attributes }) => attributes['rpc.method'])).toEqual([name, name, name]);
  expect(attempts.map((span) => span.parentSpanContext?.spanId)).toEqual(Array(3).fill(logical.spanContext().spanId));
  expect(served.map((span) => span.parentSpanContext?.spanId)).toEqual(
    attempts.map((span) => span.spanContext().spanId),
  );
});

test('attempts have spans without one of the call', async () => {
  await callThroughRetry([retry, tracingClientInterceptor()]);
  expect(sdk.spans.filter((span) => span.kind === SpanKind.CLIENT).map((span) => span.name)).toEqual(
    Array(3).fill(`Attempt.${name}`),
  );
});

test('a call has one span without those of its attempts, and all its servers are its children', async () => {
  await callThroughRetry([tracingClientInterceptor(), retry]);
  const logical = sdk.span(name, SpanKind.CLIENT);
  const served = sdk.spans.filter((span) => span.kind === SpanKind.SERVER);
  expect(served.map((span) => span.parentSpanContext?.spanId)).toEqual(Array(3).fill(logical.spanContext().spanId));
});
