import { status } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countedCalls, type CountedCalls } from '../../test/support/counted-calls.js';
import { kinds } from '../../test/support/echo-call.js';
import { linesOf, sumOf, valueOf } from '../../test/support/exposition.js';
import { EchoServiceService } from '../testing/index.js';
import { metricsServerInterceptor, type MetricsOptions } from './index.js';

let register: Registry;
let running: CountedCalls;

async function serve(options: Partial<MetricsOptions> = {}): Promise<void> {
  const interceptors = [metricsServerInterceptor({ register, style: 'compact', ...options })];
  running = await countedCalls({ interceptors });
}

beforeEach(() => (register = new Registry()));
afterEach(() => running?.close());

test('two metrics by method and outcome, in all four kinds', async () => {
  await serve({ histogram: { buckets: [60] } });
  for (const kind of kinds) {
    await running.call(kind);
    await running.call(kind, [{ errorCode: status.NOT_FOUND }]);
  }
  const text = await register.metrics();
  expect(text).toMatch(/# TYPE grpc_requests_total counter/);
  expect(text).toMatch(/# TYPE grpc_request_duration_seconds histogram/);
  for (const name of ['Echo', 'ServerEcho', 'ClientEcho', 'BidiEcho']) {
    for (const outcome of ['success', 'error']) {
      const labels = { method: `/grpc_js_middleware.testing.v1.EchoService/${name}`, status: outcome };
      expect(valueOf(text, 'grpc_requests_total', labels)).toBe(1);
      expect(valueOf(text, 'grpc_request_duration_seconds_bucket', { ...labels, le: '60' })).toBe(1);
      expect(valueOf(text, 'grpc_request_duration_seconds_count', labels)).toBe(1);
    }
  }
  expect(text).not.toContain('grpc_server');
});

test('nothing before there was a call, or zero on request', async () => {
  await serve();
  expect(linesOf(await register.metrics(), 'grpc_requests_total')).toEqual([]);
  register = new Registry();
  metricsServerInterceptor({ register, style: 'compact', methods: [EchoServiceService] });
  expect(linesOf(await register.metrics(), 'grpc_requests_total')).toHaveLength(8);
  expect(sumOf(await register.metrics(), 'grpc_requests_total')).toBe(0);
});

test('no histogram when it is turned off, and zero after a reset', async () => {
  await serve({ histogram: false });
  await running.call('unary');
  expect(await register.metrics()).not.toContain('duration');
  register.resetMetrics();
  expect(sumOf(await register.metrics(), 'grpc_requests_total')).toBe(0);
});

test('extra labels', async () => {
  await serve({ labels: { tenant: () => 'acme' } });
  await running.call('unary');
  expect(valueOf(await register.metrics(), 'grpc_request_duration_seconds_count', { tenant: 'acme' })).toBe(1);
});
