import { AggregatorRegistry, Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { linesOf, valueOf } from '../../../test/support/exposition.js';
import { checkHealth, HealthService } from '../../health/index.js';
import { startTestServer, type TestServer } from '../../testing/index.js';
import { healthMetrics, metricsServerInterceptor } from '../index.js';

const NAME = 'grpc_health_status';
let register: Registry;
let server: TestServer | undefined;

beforeEach(() => (register = new Registry()));
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.close();
  server = undefined;
});

const shown = async (): Promise<string[]> => linesOf(await register.metrics(), NAME);

test('what clients hear of each service', async () => {
  const health = new HealthService({ services: ['shop.Orders', 'shop.Stock'] });
  healthMetrics({ register, health });
  server = await startTestServer({ addServices: (grpc) => health.addTo(grpc) });
  health.setStatus('shop.Stock', 'NOT_SERVING');
  const text = await register.metrics();
  for (const [grpc_service, value] of [
    ['', 1],
    ['shop.Orders', 1],
    ['shop.Stock', 0],
  ] as const) {
    expect(valueOf(text, NAME, { grpc_service })).toBe(value);
    const status = await checkHealth(server.address, { service: grpc_service });
    expect(status === 'SERVING').toBe(value === 1);
  }

  health.clearStatus('shop.Stock');
  expect(await shown()).toHaveLength(2);
  health.shutdown();
  expect(await shown()).toEqual([`${NAME}{grpc_service=""} 0`, `${NAME}{grpc_service="shop.Orders"} 0`]);
});

test('servers of one process are told apart by labels, and one that is restarted takes its own place', async () => {
  const [first, second] = [new HealthService(), new HealthService()];
  healthMetrics({ register, health: first, labels: { replica: 'a', zone: 'x' } });
  healthMetrics({ register, health: second, labels: { zone: 'x', replica: 'b' } });
  second.close();
  expect(await shown()).toEqual([
    `${NAME}{grpc_service="",replica="a",zone="x"} 1`,
    `${NAME}{grpc_service="",replica="b",zone="x"} 0`,
  ]);
  healthMetrics({ register, health: new HealthService(), labels: { replica: 'b', zone: 'x' } });
  expect(valueOf(await register.metrics(), NAME, { replica: 'b' })).toBe(1);
  expect(await shown()).toHaveLength(2);
});

test('one that is gone for good is taken off, unless another one has its place', async () => {
  const remove = healthMetrics({ register, health: new HealthService(), labels: { replica: 'a' } });
  const removeNext = healthMetrics({ register, health: new HealthService(), labels: { replica: 'a' } });
  remove();
  expect(await shown()).toHaveLength(1);
  removeNext();
  expect(await shown()).toEqual([]);
});

test('one registry has one set of label names', () => {
  healthMetrics({ register, health: new HealthService(), labels: { replica: 'a' } });
  expect(() => healthMetrics({ register, health: new HealthService() })).toThrow(
    /^healthMetrics: register already has a metric grpc_health_status that is not of healthMetrics with the same options/,
  );
});

test('a health service that fails does not cost the other metrics their scrape', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const statuses = (): never => {
    throw new Error('no');
  };
  healthMetrics({ register, health: { statuses } });
  metricsServerInterceptor({ register });
  expect(await register.metrics()).toContain('grpc_server_started_total');
  await register.metrics();
  expect(warn).toHaveBeenCalledOnce();
});

test('processes of a cluster show the worst; a reset changes nothing', async () => {
  const health = new HealthService();
  healthMetrics({ register, health });
  register.resetMetrics();
  const serving = structuredClone(await register.getMetricsAsJSON());
  health.close();
  const stopped = structuredClone(await register.getMetricsAsJSON());
  const both = AggregatorRegistry.aggregate([serving, stopped]);
  expect(valueOf(await both.metrics(), NAME)).toBe(0);
  expect(valueOf(await AggregatorRegistry.aggregate([serving, serving]).metrics(), NAME)).toBe(1);
});

const health = { statuses: () => new Map<string, string>() };
test.each([
  [{ health }, 'register must be a prom-client Registry, got undefined'],
  [{ register: new Registry() }, 'health must be a HealthService, got undefined'],
  [{ register: new Registry(), health: {} }, 'health must be a HealthService, got {}'],
  [{ register: new Registry(), health, labels: 'a' }, "labels must be an object of strings, got 'a'"],
  [{ register: new Registry(), health, labels: { a: 1 } }, 'labels.a must be a string, got 1'],
  [
    { register: new Registry(), health, labels: { 'a-b': '' } },
    'a name in labels must be of letters, digits and _, and not',
  ],
  [
    { register: new Registry(), health, labels: { grpc_service: '' } },
    'a name in labels must be of letters, digits and _',
  ],
])('wrong options: %o', (options, message) => {
  expect(() => healthMetrics(options as never)).toThrow(`healthMetrics: ${message}`);
});
