import { AggregatorRegistry, Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countedCalls, type CountedCalls } from '../../test/support/counted-calls.js';
import { sumOf } from '../../test/support/exposition.js';
import { metricsClientInterceptor, metricsServerInterceptor } from './index.js';

let register: Registry;
const running: CountedCalls[] = [];

beforeEach(() => (register = new Registry()));
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

test('servers of one process, made with the same options, count into the same metrics', async () => {
  for (let i = 0; i < 2; i++) {
    const server = await countedCalls({
      interceptors: [metricsServerInterceptor({ register, histogram: { buckets: [1] } })],
    });
    running.push(server);
    await server.call('unary');
  }
  expect(sumOf(await register.metrics(), 'grpc_server_handled_total')).toBe(2);
});

test('server and client share a registry', () => {
  metricsServerInterceptor({ register });
  expect(() => metricsClientInterceptor({ register })).not.toThrow();
});

test.each([
  ['other buckets', { histogram: { buckets: [1] } }],
  ['no histogram', { histogram: false }],
  ['other labels', { labels: { tenant: () => 'x' } }],
  ['another bound of labels', { maxLabelValues: 5 }],
] as const)('the same metrics with %s are refused', (_what, options) => {
  metricsServerInterceptor({ register });
  expect(() => metricsServerInterceptor({ register, ...options })).toThrow(
    /^metricsServerInterceptor: register already has a metric grpc_server_started_total that is not of an interceptor with the same options/,
  );
});

test('somebody else’s metric of the same name is refused, wherever in the list it stands, and nothing is left behind', () => {
  new Counter({ name: 'grpc_server_msg_sent_total', help: 'theirs', registers: [register] });
  expect(() => metricsServerInterceptor({ register })).toThrow(
    /register already has a metric grpc_server_msg_sent_total/,
  );
  expect(register.getMetricsAsArray()).toHaveLength(1);
});

test('compact has the same names on both sides, so each needs a registry', () => {
  metricsServerInterceptor({ register, style: 'compact' });
  expect(() => metricsClientInterceptor({ register, style: 'compact' })).toThrow(
    /give one of the two another registry/,
  );
});

test('a registry that was cleared takes them again', async () => {
  metricsServerInterceptor({ register });
  register.clear();
  metricsServerInterceptor({ register });
  expect(await register.metrics()).toContain('grpc_server_started_total');
});

test('prom-client’s default labels and its cluster mode see ordinary metrics', async () => {
  register.setDefaultLabels({ app: 'shop' });
  const server = await countedCalls({ interceptors: [metricsServerInterceptor({ register })] });
  running.push(server);
  await server.call('unary');
  expect(await register.metrics()).toMatch(/grpc_server_handled_total\{.*app="shop"/);

  const json = structuredClone(await register.getMetricsAsJSON());
  const both = AggregatorRegistry.aggregate([json, structuredClone(json)]);
  expect(sumOf(await both.metrics(), 'grpc_server_handled_total')).toBe(2);
  expect(sumOf(await both.metrics(), 'grpc_server_handling_seconds_count')).toBe(2);
});
