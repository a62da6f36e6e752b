import { createRequire } from 'node:module';
import { credentials } from '@grpc/grpc-js';
import { SpanKind } from '@opentelemetry/api';
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EchoServiceClient } from '../testing/index.js';
import { EchoRequest, EchoServiceService, startTestServer, type TestServer } from '../testing/index.js';
import { tracingClientInterceptor, tracingServerInterceptor } from './index.js';
import { SERVICE, TestSdk, call, kinds, methodNames, unregister } from './fixtures/spans.js';

let sdk: TestSdk;
let instrumentation: GrpcInstrumentation;
/** grpc-js as an application gets it that is loaded after the instrumentation. */
let instrumented: { makeClientConstructor(service: object, name: string): typeof EchoServiceClient };
let ignoring = false;
let running: TestServer | undefined;

beforeAll(() => {
  sdk = new TestSdk().register();
  instrumentation = new GrpcInstrumentation({ ignoreGrpcMethods: [() => ignoring] });
  instrumentation.setTracerProvider(sdk.provider);
  instrumented = createRequire(import.meta.url)('@grpc/grpc-js') as typeof instrumented;
});
beforeEach(() => sdk.reset());
afterEach(async () => {
  await running?.close();
  running = undefined;
});
afterAll(() => {
  instrumentation.disable();
  unregister();
});

/** One unary call of an instrumented client. */
function callInstrumented(port: number): Promise<void> {
  const EchoClient = instrumented.makeClientConstructor(EchoServiceService, 'EchoService');
  const interceptors = [tracingClientInterceptor()];
  const client = new EchoClient(`127.0.0.1:${port}`, credentials.createInsecure(), { interceptors });
  return new Promise((resolve, reject) => {
    client.echo(EchoRequest.fromPartial({}), (error: Error | null) => {
      client.close();
      if (error) reject(error);
      else resolve();
    });
  });
}

async function callAll(): Promise<void> {
  running = await startTestServer({
    interceptors: [tracingServerInterceptor()],
    clientInterceptors: [tracingClientInterceptor()],
  });
  for (const kind of kinds) await call(running.client, kind);
  await callInstrumented(running.port);
  await running.events.until({ side: 'server', hook: 'onEnd' }, { nth: kinds.length + 1 });
}

const count = (prefix: string, kind: SpanKind) =>
  sdk.spans.filter((span) => span.kind === kind && span.name.startsWith(prefix)).length;

test('side by side, spans double', async () => {
  ignoring = false;
  await callAll();
  expect([count(SERVICE, SpanKind.SERVER), count(SERVICE, SpanKind.CLIENT)]).toEqual([5, 5]);
  // Of the streams, it ends some later; of the calls to the generated client it sees the server's half only.
  expect(count(`grpc.${SERVICE}`, SpanKind.SERVER)).toBeGreaterThanOrEqual(2);
  expect(count(`grpc.${SERVICE}`, SpanKind.CLIENT)).toBe(1);
});

test('with ignoreGrpcMethods, every call has ours alone', async () => {
  ignoring = true;
  await callAll();
  expect([count('grpc.', SpanKind.SERVER), count('grpc.', SpanKind.CLIENT)]).toEqual([0, 0]);
  expect([count(SERVICE, SpanKind.SERVER), count(SERVICE, SpanKind.CLIENT)]).toEqual([5, 5]);
  for (const kind of kinds.slice(1)) {
    const client = sdk.span(`${SERVICE}/${methodNames[kind]}`, SpanKind.CLIENT);
    const server = sdk.span(`${SERVICE}/${methodNames[kind]}`, SpanKind.SERVER);
    expect(server.parentSpanContext?.spanId).toBe(client.spanContext().spanId);
  }
});
