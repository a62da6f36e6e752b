import { Metadata, status, type ServerInterceptor } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kinds } from '../../test/support/echo-call.js';
import { countedCalls, type CountedCalls } from '../../test/support/counted-calls.js';
import { linesOf, sumOf, valueOf } from '../../test/support/exposition.js';
import { camelCaseCodes } from '../core/status/code-names.js';
import { EchoServiceService, type TestServerOptions } from '../testing/index.js';
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

describe('what is counted', () => {
  test.each(kinds)('of a %s call: names and labels are go-grpc-prometheus’s', async (kind) => {
    await serve({ histogram: { buckets: [1000] } });
    await running.call(kind, [{ count: 1 }]);

    const service = 'grpc_js_middleware.testing.v1.EchoService';
    const labels = `grpc_type="${kind}",grpc_service="${service}",grpc_method="${methods[kind]}"`;
    const text = await register.metrics();
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples.map((line) => line.replace(/(_sum\{.*\}) .*/, '$1 SECONDS'))).toEqual([
      `grpc_server_started_total{${labels}} 1`,
      `grpc_server_handled_total{${labels},grpc_code="OK"} 1`,
      `grpc_server_handling_seconds_bucket{${labels},le="1000"} 1`,
      `grpc_server_handling_seconds_bucket{${labels},le="+Inf"} 1`,
      `grpc_server_handling_seconds_sum{${labels}} SECONDS`,
      `grpc_server_handling_seconds_count{${labels}} 1`,
      `grpc_server_msg_received_total{${labels}} 1`,
      `grpc_server_msg_sent_total{${labels}} 1`,
      `grpc_server_in_flight{${labels}} 0`,
    ]);
  });

  test('types', async () => {
    await serve();
    const types = (await register.metrics()).split('\n').filter((line) => line.startsWith('# TYPE'));
    expect(types).toEqual([
      '# TYPE grpc_server_started_total counter',
      '# TYPE grpc_server_handled_total counter',
      '# TYPE grpc_server_handling_seconds histogram',
      '# TYPE grpc_server_msg_received_total counter',
      '# TYPE grpc_server_msg_sent_total counter',
      '# TYPE grpc_server_in_flight gauge',
    ]);
  });

  test.each(camelCaseCodes.map((name, code) => [name, code] as const).slice(1))('code %s', async (name, code) => {
    await serve();
    await running.call('unary', [{ errorCode: code }]);
    expect(valueOf(await register.metrics(), 'grpc_server_handled_total', { grpc_code: name })).toBe(1);
    expect(sumOf(await register.metrics(), 'grpc_server_handled_total')).toBe(1);
  });

  test('messages only: neither an error nor the end of a stream is one', async () => {
    await serve();
    await running.call('unary', [{ errorCode: status.INTERNAL }]);
    await running.call('bidi_stream', []);
    await running.call('client_stream', [{}, {}, {}]);
    await running.call('server_stream', [{ count: 5, errorCode: status.ABORTED }]);
    const text = await register.metrics();
    const messages = (way: string, method: string) =>
      valueOf(text, `grpc_server_msg_${way}_total`, { grpc_method: method });
    expect([messages('received', 'Echo'), messages('sent', 'Echo')]).toEqual([1, 0]);
    expect([messages('received', 'BidiEcho'), messages('sent', 'BidiEcho')]).toEqual([0, 0]);
    expect([messages('received', 'ClientEcho'), messages('sent', 'ClientEcho')]).toEqual([3, 1]);
    expect([messages('received', 'ServerEcho'), messages('sent', 'ServerEcho')]).toEqual([1, 5]);
  });

  test('durations are in seconds, and in the bucket that holds them', async () => {
    await serve({ histogram: { buckets: [0.02, 60] } });
    await running.call('unary', [{ delayMs: 30 }]);
    const text = await register.metrics();
    expect(valueOf(text, 'grpc_server_handling_seconds_bucket', { le: '0.02' })).toBe(0);
    expect(valueOf(text, 'grpc_server_handling_seconds_bucket', { le: '60' })).toBe(1);
    expect(valueOf(text, 'grpc_server_handling_seconds_sum')).toBeGreaterThan(0.029);
    expect(valueOf(text, 'grpc_server_handling_seconds_sum')).toBeLessThan(30);
  });

  test('no histogram when it is turned off', async () => {
    await serve({ histogram: false });
    await running.call('unary');
    expect(await register.metrics()).not.toContain('handling_seconds');
  });
});

describe('series from the start', () => {
  test('all methods of the services, and all 17 codes', async () => {
    await serve({ methods: [EchoServiceService] });
    const text = await register.metrics();
    expect(linesOf(text, 'grpc_server_handled_total')).toHaveLength(4 * 17);
    expect(linesOf(text, 'grpc_server_started_total')).toHaveLength(4);
    expect(linesOf(text, 'grpc_server_msg_sent_total')).toHaveLength(4);
    expect(linesOf(text, 'grpc_server_in_flight')).toHaveLength(4);
    expect(linesOf(text, 'grpc_server_handling_seconds_count')).toHaveLength(4);
    expect(text.split('\n').filter((line) => line.startsWith('grpc_') && !line.endsWith(' 0'))).toEqual([]);
  });

  test('calls are counted in those series', async () => {
    await serve({ methods: [EchoServiceService] });
    await running.call('unary');
    const text = await register.metrics();
    expect(valueOf(text, 'grpc_server_handled_total', { grpc_method: 'Echo', grpc_code: 'OK' })).toBe(1);
    expect(linesOf(text, 'grpc_server_handled_total')).toHaveLength(4 * 17);
  });

  test('extra labels start empty', async () => {
    await serve({ methods: [EchoServiceService], labels: { tenant: () => 'x' } });
    expect(linesOf(await register.metrics(), 'grpc_server_started_total')[0]).toContain('tenant=""');
  });
});

test('extra labels are on all but the gauge, asked for once per call', async () => {
  let asked = 0;
  const labels = { tenant: (call: { metadata: Metadata }) => (asked++, String(call.metadata.get('tenant')[0])) };
  await serve({ labels });
  const metadata = new Metadata();
  metadata.set('tenant', 'acme');
  await running.call('unary', [{}], { metadata });
  const text = await register.metrics();
  expect(asked).toBe(1);
  for (const name of ['started_total', 'handled_total', 'msg_sent_total', 'handling_seconds_count']) {
    expect(valueOf(text, `grpc_server_${name}`, { tenant: 'acme' })).toBe(1);
  }
  expect(linesOf(text, 'grpc_server_in_flight')[0]).not.toContain('tenant');
});

test('listed and inside others, the counts agree with what the client saw', async () => {
  const inner: ServerInterceptor = metricsServerInterceptor({ register: new Registry() });
  await serve({}, { interceptors: [inner] });
  for (const kind of kinds) await running.call(kind);
  expect(sumOf(await register.metrics(), 'grpc_server_handled_total', { grpc_code: 'OK' })).toBe(4);
});
