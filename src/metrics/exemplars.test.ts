import { Registry, type OpenMetricsContentType } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countedCalls, type CountedCalls } from '../../test/support/counted-calls.js';
import { linesOf } from '../../test/support/exposition.js';
import { defineServerInterceptor } from '../core/define.js';
import { spanIdsKey, type SpanIds } from '../core/shared/span-ids.js';
import { metricsServerInterceptor, type MetricsOptions } from './index.js';

let register: Registry<OpenMetricsContentType>;
let running: CountedCalls;
let span: SpanIds | undefined;

const trace = defineServerInterceptor('trace', () => (call) => call.set(spanIdsKey, span));

async function serve(options: Partial<MetricsOptions> = {}): Promise<void> {
  const metrics = metricsServerInterceptor({ register, exemplars: true, histogram: { buckets: [60] }, ...options });
  running = await countedCalls({ interceptors: [trace, metrics] });
}

const exemplarsOf = async (name: string): Promise<string[]> =>
  linesOf(await register.metrics(), name).flatMap((line) => line.split(' # ').slice(1));

beforeEach(() => {
  register = new Registry();
  register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
});
afterEach(() => running?.close());

test('link what was counted and how long it took to a trace', async () => {
  await serve();
  await running.call('unary');
  expect(await exemplarsOf('grpc_server_handled_total')).toEqual([
    expect.stringMatching(/^\{traceID="a{32}"\} 1 \d{10}/),
  ]);
  expect(await exemplarsOf('grpc_server_handling_seconds_bucket')).toEqual([
    expect.stringMatching(/^\{traceID="a{32}"\} 0\.\d+ \d{10}/),
  ]);
});

test('in compact style too', async () => {
  await serve({ style: 'compact' });
  await running.call('unary');
  expect(await exemplarsOf('grpc_requests_total')).toHaveLength(1);
  expect(await exemplarsOf('grpc_request_duration_seconds_bucket')).toHaveLength(1);
});

test.each([
  ['there is no trace', undefined],
  ['nobody keeps it', { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), sampled: false }],
  ['its id is beyond what OpenMetrics allows', { traceId: 'c'.repeat(200), spanId: 'd', sampled: true }],
])('the last one stays when %s', async (_when, next) => {
  await serve();
  await running.call('unary');
  const before = await exemplarsOf('grpc_server_handled_total');
  span = next;
  await running.call('unary');
  expect(await exemplarsOf('grpc_server_handled_total')).toEqual(before);
});

test('are refused on a registry of another format, which could not show them', () => {
  expect(() => metricsServerInterceptor({ register: new Registry(), exemplars: true })).toThrow(
    'metricsServerInterceptor: exemplars must be false unless register is new Registry(Registry.OPENMETRICS_CONTENT_TYPE), got true',
  );
});
