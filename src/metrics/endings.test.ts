import { status } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { echoCall, kinds } from '../../test/support/echo-call.js';
import { countedCalls, type CountedCalls } from '../../test/support/counted-calls.js';
import { linesOf, sumOf, valueOf } from '../../test/support/exposition.js';
import { defineServerInterceptor } from '../core/define.js';
import { StatusError } from '../core/status/status-error.js';
import { type TestServerOptions } from '../testing/index.js';
import { metricsServerInterceptor, type MetricsOptions } from './index.js';

let register: Registry;
let running: CountedCalls;

async function serve(options: Partial<MetricsOptions> = {}, further: TestServerOptions = {}): Promise<CountedCalls> {
  const metrics = metricsServerInterceptor({ register, ...options });
  running = await countedCalls({ ...further, interceptors: [metrics, ...(further.interceptors ?? [])] });
  return running;
}

const methods = { unary: 'Echo', server_stream: 'ServerEcho', client_stream: 'ClientEcho', bidi_stream: 'BidiEcho' };

beforeEach(() => (register = new Registry()));
afterEach(() => running?.close());

describe('every ending', () => {
  const refuse = defineServerInterceptor('refuse', () => () => ({
    admit: () => Promise.reject(new StatusError(status.UNAUTHENTICATED, 'who?')),
  }));

  test.each(kinds)('a refused %s call', async (kind) => {
    await serve({}, { interceptors: [refuse] });
    await running.call(kind);
    await expectOneEnd('Unauthenticated');
  });

  test.each(kinds)('a cancelled %s call; the gauge shows it while it runs', async (kind) => {
    const { rawClient, events } = await serve();
    const started = echoCall(rawClient, kind, [{ delayMs: 60_000 }], { keepOpen: true });
    await events.until({ side: 'server', hook: 'onRequest' });
    expect(valueOf(await register.metrics(), 'grpc_server_in_flight', { grpc_method: methods[kind] })).toBe(1);
    started.cancel();
    await running.ended();
    await expectOneEnd('Canceled');
  });

  test.each(kinds)('a %s call whose deadline passes on the server', async (kind) => {
    const limit = defineServerInterceptor('limit', () => (call) => ({
      admit: () => call.limitDeadline(Date.now() + 5),
    }));
    await serve({}, { interceptors: [limit] });
    await running.call(kind, [{ delayMs: 60_000 }], { keepOpen: true });
    await expectOneEnd('DeadlineExceeded');
  });

  test.each(kinds)('a %s call of a server that is stopped by force', async (kind) => {
    const { rawClient, server, events } = await serve();
    const started = echoCall(rawClient, kind, [{ delayMs: 60_000 }], { keepOpen: true });
    await events.until({ side: 'server', hook: 'onRequest' });
    server.forceShutdown();
    await started.seen;
    await running.ended();
    await expectOneEnd('Canceled');
  });

  test.each(kinds)('an oversized request of a %s call', async (kind) => {
    await serve({}, { serverOptions: { 'grpc.max_receive_message_length': 10 } });
    await running.call(kind, [{ text: 'x'.repeat(100) }]);
    await expectOneEnd('ResourceExhausted');
    expect(sumOf(await register.metrics(), 'grpc_server_msg_received_total')).toBe(0);
  });

  test('a code that gRPC does not know is Unknown, and makes no label of its own', async () => {
    const implementation = {
      echo: (_call: unknown, callback: (error: object) => void) => callback({ code: 404, details: '' }),
    };
    await serve({}, { implementation: implementation });
    await running.call('unary');
    await expectOneEnd('Unknown');
  });

  async function expectOneEnd(code: string): Promise<void> {
    const text = await register.metrics();
    expect(linesOf(text, 'grpc_server_handled_total')).toHaveLength(1);
    expect(valueOf(text, 'grpc_server_handled_total', { grpc_code: code })).toBe(1);
    expect(sumOf(text, 'grpc_server_started_total')).toBe(1);
    expect(valueOf(text, 'grpc_server_handling_seconds_count')).toBe(1);
    expect(sumOf(text, 'grpc_server_in_flight')).toBe(0);
  }
});
