import { InterceptingCall, status, type Interceptor } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countedCalls, type CountedCalls } from '../../test/support/counted-calls.js';
import { connected, echoCall, kinds } from '../../test/support/echo-call.js';
import { echoServer } from '../../test/support/echo-server.js';
import { linesOf, sumOf, valueOf } from '../../test/support/exposition.js';
import { withAttempt } from '../core/client/client-call.js';
import { defineClientInterceptor } from '../core/define.js';
import { StatusError } from '../core/status/status-error.js';
import { metricsClientInterceptor, type MetricsOptions } from './index.js';

let register: Registry;
let running: CountedCalls;

async function serve(
  options: Partial<MetricsOptions> = {},
  around: { outer?: Interceptor[]; inner?: Interceptor[] } = {},
) {
  const metrics = metricsClientInterceptor({ register, ...options });
  running = await countedCalls({ clientInterceptors: [...(around.outer ?? []), metrics, ...(around.inner ?? [])] });
  return running;
}

beforeEach(() => (register = new Registry()));
afterEach(() => running?.close());

test.each(kinds)('a %s call, by go-grpc-prometheus’s names', async (kind) => {
  await serve();
  await running.call(kind, [{ count: 2 }]);
  const text = await register.metrics();
  const labels = { grpc_type: kind };
  const responses = kind === 'server_stream' || kind === 'bidi_stream' ? 2 : 1;
  expect(valueOf(text, 'grpc_client_started_total', labels)).toBe(1);
  expect(valueOf(text, 'grpc_client_handled_total', { ...labels, grpc_code: 'OK' })).toBe(1);
  expect(valueOf(text, 'grpc_client_msg_sent_total', labels)).toBe(1);
  expect(valueOf(text, 'grpc_client_msg_received_total', labels)).toBe(responses);
  expect(valueOf(text, 'grpc_client_handling_seconds_count', labels)).toBe(1);
  expect(valueOf(text, 'grpc_client_in_flight', labels)).toBe(0);
});

describe('every ending', () => {
  test.each(kinds)('a %s call cancelled by the application; its messages show while it runs', async (kind) => {
    const { rawClient, events } = await serve();
    const call = echoCall(rawClient, kind, [{ delayMs: 60_000 }], { keepOpen: true });
    await events.until({ side: 'server', hook: 'onRequest' });
    const text = await register.metrics();
    expect(sumOf(text, 'grpc_client_in_flight')).toBe(1);
    if (kind !== 'unary') expect(sumOf(text, 'grpc_client_msg_sent_total')).toBe(1);
    call.cancel();
    await call.seen;
    await expectOneEnd('Canceled', { sent: 1, received: 0 });
  });

  test.each(kinds)('a %s call whose deadline passes', async (kind) => {
    const { rawClient } = await serve();
    await connected(rawClient);
    await echoCall(rawClient, kind, [{ delayMs: 60_000 }], { keepOpen: true, deadline: Date.now() + 500 }).seen;
    await expectOneEnd('DeadlineExceeded', { sent: 1, received: 0 });
  });

  test.each(kinds)('a failed %s call received no message', async (kind) => {
    await serve();
    await running.call(kind, [{ errorCode: status.NOT_FOUND, count: 0 }]);
    const received = kind === 'server_stream' || kind === 'bidi_stream' ? 1 : 0;
    await expectOneEnd('NotFound', { sent: 1, received });
  });

  test.each(kinds)('a %s call that an inner interceptor refused was not sent', async (kind) => {
    const refuse = defineClientInterceptor('refuse', () => () => ({
      admit: () => {
        throw new StatusError(status.RESOURCE_EXHAUSTED, 'breaker');
      },
    }));
    await serve({}, { inner: [refuse] });
    await echoCall(running.rawClient, kind).seen;
    await expectOneEnd('ResourceExhausted', { sent: 0, received: 0 });
  });

  test('a code that gRPC does not know is Unknown, and makes no label of its own', async () => {
    const implementation = {
      echo: (_call: unknown, callback: (error: object) => void) => callback({ code: 404, details: '' }),
    };
    const bare = await echoServer([], implementation);
    await echoCall(bare.connect({ interceptors: [metricsClientInterceptor({ register })] }), 'unary').seen;
    bare.close();
    await expectOneEnd('Unknown', { sent: 1, received: 0 });
  });

  test('a call of a closed client', async () => {
    await serve();
    running.rawClient.close();
    await echoCall(running.rawClient, 'unary').seen;
    await expectOneEnd('Unavailable', { sent: 0, received: 0 });
  });

  async function expectOneEnd(code: string, messages: { sent: number; received: number }): Promise<void> {
    const text = await register.metrics();
    expect(linesOf(text, 'grpc_client_handled_total')).toHaveLength(1);
    expect(valueOf(text, 'grpc_client_handled_total', { grpc_code: code })).toBe(1);
    expect(sumOf(text, 'grpc_client_started_total')).toBe(1);
    expect(sumOf(text, 'grpc_client_in_flight')).toBe(0);
    expect(sumOf(text, 'grpc_client_msg_sent_total')).toBe(messages.sent);
    expect(sumOf(text, 'grpc_client_msg_received_total')).toBe(messages.received);
  }
});

describe('inside a retry', () => {
  /** As a retry interceptor does: a call of its own over each attempt. */
  const attempt: Interceptor = (options, nextCall) => new InterceptingCall(nextCall(withAttempt(options, 1)));

  test.each(kinds)('attempts of a %s call are counted apart from calls', async (kind) => {
    const calls = metricsClientInterceptor({ register });
    await serve({}, { outer: [calls, attempt] });
    await running.call(kind, [{ errorCode: status.ABORTED }]);
    const text = await register.metrics();
    for (const name of ['grpc_client', 'grpc_client_attempt']) {
      expect(valueOf(text, `${name}_started_total`, { grpc_type: kind })).toBe(1);
      expect(valueOf(text, `${name}_handled_total`, { grpc_code: 'Aborted' })).toBe(1);
      expect(valueOf(text, `${name}_handling_seconds_count`, { grpc_type: kind })).toBe(1);
    }
    expect(sumOf(text, 'grpc_client_in_flight')).toBe(0);
    expect(sumOf(text, 'grpc_client_msg_sent_total')).toBe(1);
  });

  test('compact too has names of their own', async () => {
    await serve({ style: 'compact' }, { outer: [attempt] });
    await running.call('unary');
    const text = await register.metrics();
    expect(linesOf(text, 'grpc_requests_total')).toEqual([]);
    expect(sumOf(text, 'grpc_request_attempts_total')).toBe(1);
    expect(sumOf(text, 'grpc_request_attempt_duration_seconds_count')).toBe(1);
  });

  test('there are no attempts elsewhere', async () => {
    await serve();
    await running.call('unary');
    expect(linesOf(await register.metrics(), 'grpc_client_attempt_started_total')).toEqual([]);
  });
});
