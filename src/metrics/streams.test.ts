import { status } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { echoCall } from '../../test/support/echo-call.js';
import { countedCalls, type CountedCalls } from '../../test/support/counted-calls.js';
import { sumOf } from '../../test/support/exposition.js';
import { type TestServerOptions } from '../testing/index.js';
import { metricsServerInterceptor, type MetricsOptions } from './index.js';

let register: Registry;
let running: CountedCalls;

async function serve(options: Partial<MetricsOptions> = {}, further: TestServerOptions = {}): Promise<CountedCalls> {
  const metrics = metricsServerInterceptor({ register, ...options });
  running = await countedCalls({ ...further, interceptors: [metrics, ...(further.interceptors ?? [])] });
  return running;
}

beforeEach(() => (register = new Registry()));
afterEach(() => running?.close());

describe('streams', () => {
  test('show their messages while they run, and count each once', async () => {
    const { rawClient } = await serve();
    const started = echoCall(rawClient, 'bidi_stream', [{ count: 3 }], { keepOpen: true });
    await running.events.until({ side: 'client', hook: 'onResponse' }, { nth: 3 });
    const during = await messages();
    expect(during).toEqual([1, 3]);
    expect(await messages()).toEqual(during);
    started.cancel();
    await running.ended();
    expect(await messages()).toEqual([1, 3]);
  });

  test('a response that cannot be written was not sent', async () => {
    const serverEcho = async function* () {
      yield { text: 'fine', count: 1, payload: Buffer.alloc(0) };
      yield { text: 7 as never, count: 1, payload: 'no bytes' as never };
    };
    await serve({}, { handlers: { serverEcho } });
    const { code } = await running.call('server_stream');
    expect(code).toBe(status.INTERNAL);
    expect(await messages()).toEqual([1, 1]);
  });

  test('a reset begins anew without losing what runs', async () => {
    const { rawClient } = await serve();
    const started = echoCall(rawClient, 'bidi_stream', [{ count: 2 }], { keepOpen: true });
    await running.events.until({ side: 'client', hook: 'onResponse' }, { nth: 2 });
    register.resetMetrics();
    expect(await messages()).toEqual([0, 0]);
    expect(sumOf(await register.metrics(), 'grpc_server_in_flight')).toBe(1);
    started.cancel();
    await running.ended();
    const text = await register.metrics();
    expect(await messages()).toEqual([0, 0]);
    expect(sumOf(text, 'grpc_server_in_flight')).toBe(0);
    expect(sumOf(text, 'grpc_server_started_total')).toBe(0);
    expect(sumOf(text, 'grpc_server_handled_total')).toBe(1);
  });

  async function messages(): Promise<number[]> {
    const text = await register.metrics();
    return [sumOf(text, 'grpc_server_msg_received_total'), sumOf(text, 'grpc_server_msg_sent_total')];
  }
});
