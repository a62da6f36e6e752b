import { VERSION } from '../../core/base/version.js';
import { status, type Interceptor } from '@grpc/grpc-js';
import { InterceptingCall } from '@grpc/grpc-js';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import * as semconv from '@opentelemetry/semantic-conventions';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { countedCalls, type CountedCalls } from '../../../test/support/counted-calls.js';
import { kinds } from '../../../test/support/echo-call.js';
import { sumOf } from '../../../test/support/exposition.js';
import { withAttempt } from '../../core/client/client-call.js';
import { metricsClientInterceptor, metricsServerInterceptor, type MetricsOptions } from '../index.js';
import * as conventions from './conventions.js';

let exporter: InMemoryMetricExporter;
let meterProvider: MeterProvider;
let running: CountedCalls;

/** What the SDK's exporter is given, by instrument. */
async function exported(): Promise<Map<string, MetricData>> {
  exporter.reset();
  await meterProvider.forceFlush();
  const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
  expect(scopes.map(({ scope }) => [scope.name, scope.version])).toEqual([['grpc-js-middleware', VERSION]]);
  return new Map(scopes.flatMap(({ metrics }) => metrics).map((metric) => [metric.descriptor.name, metric]));
}

async function pointsOf(name: string): Promise<{ attributes: object; count: number }[]> {
  const metric = (await exported()).get(name);
  if (metric === undefined) return [];
  return metric.dataPoints.map(({ attributes, value }) => ({
    attributes,
    count: metric.dataPointType === DataPointType.HISTOGRAM ? (value as { count: number }).count : (value as number),
  }));
}

async function serve(
  options: Partial<MetricsOptions> = {},
  clientOptions: Partial<MetricsOptions> = options,
  outer: Interceptor[] = [],
) {
  running = await countedCalls({
    interceptors: [metricsServerInterceptor({ meterProvider, ...options })],
    clientInterceptors: [...outer, metricsClientInterceptor({ meterProvider, ...clientOptions })],
  });
  return running;
}

beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  });
});
afterEach(async () => {
  await running?.close();
  await meterProvider.shutdown();
  vi.restoreAllMocks();
});

test('the names are those of the conventions’ own package', () => {
  const { SEMCONV_BUCKETS: _semconv, A66_BUCKETS: _a66, ...names } = conventions;
  const { METRIC_RPC_SERVER_CALL_DURATION, METRIC_RPC_CLIENT_CALL_DURATION, ATTR_RPC_SYSTEM_NAME, ATTR_RPC_METHOD } =
    semconv;
  const { ATTR_RPC_STATUS_CODE, ATTR_ERROR_TYPE, ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } = semconv;
  expect(names).toEqual({
    METRIC_RPC_SERVER_CALL_DURATION,
    METRIC_RPC_CLIENT_CALL_DURATION,
    ATTR_RPC_SYSTEM_NAME,
    ATTR_RPC_METHOD,
    ATTR_RPC_STATUS_CODE,
    ATTR_ERROR_TYPE,
    ATTR_SERVER_ADDRESS,
    ATTR_SERVER_PORT,
  });
  expect(conventions.A66_BUCKETS).toHaveLength(41);
});

describe('the stable RPC conventions', () => {
  test.each(kinds)('a %s call on both sides', async (kind) => {
    await serve();
    await running.call(kind);
    const metrics = await exported();
    expect([...metrics.keys()].toSorted()).toEqual(['rpc.client.call.duration', 'rpc.server.call.duration']);
    const { descriptor, dataPoints } = metrics.get('rpc.server.call.duration')!;
    expect(descriptor.unit).toBe('s');
    expect((dataPoints[0]!.value as { buckets: { boundaries: number[] } }).buckets.boundaries).toEqual(
      conventions.SEMCONV_BUCKETS,
    );
    expect((dataPoints[0]!.value as { sum: number }).sum).toBeLessThan(20);

    const method = { unary: 'Echo', server_stream: 'ServerEcho', client_stream: 'ClientEcho', bidi_stream: 'BidiEcho' }[
      kind
    ];
    const attributes = {
      'rpc.system.name': 'grpc',
      'rpc.method': `grpc_js_middleware.testing.v1.EchoService/${method}`,
      'rpc.status_code': 'OK',
    };
    expect(await pointsOf('rpc.server.call.duration')).toEqual([{ attributes, count: 1 }]);
    const address = { 'server.address': '127.0.0.1', 'server.port': running.port };
    expect(await pointsOf('rpc.client.call.duration')).toEqual([
      { attributes: { ...attributes, ...address }, count: 1 },
    ]);
  });

  test('a server fails with six codes only, a client with all but OK', async () => {
    await serve();
    for (let errorCode = 1; errorCode <= 16; errorCode++) await running.call('unary', [{ errorCode }]);
    const failed = async (side: string): Promise<string[]> =>
      (await pointsOf(`rpc.${side}.call.duration`)).flatMap(
        ({ attributes }) => (attributes as Record<string, string>)['error.type'] ?? [],
      );
    expect(await failed('server')).toEqual([
      'UNKNOWN',
      'DEADLINE_EXCEEDED',
      'UNIMPLEMENTED',
      'INTERNAL',
      'UNAVAILABLE',
      'DATA_LOSS',
    ]);
    expect(await failed('client')).toHaveLength(16);
  });

  test('no attempts: the instrument is of logical calls', async () => {
    await serve({}, {}, [attempt]);
    await running.call('unary');
    expect(await pointsOf('rpc.client.call.duration')).toEqual([]);
    expect(await pointsOf('rpc.server.call.duration')).toHaveLength(1);
  });
});

describe('gRFC A66', () => {
  const target = (): string => `dns:127.0.0.1:${running.port}`;
  const method = { 'grpc.method': 'grpc_js_middleware.testing.v1.EchoService/Echo' };

  test('counts and durations of calls', async () => {
    await serve({ instruments: ['a66'] });
    await running.call('unary');
    await running.call('unary', [{ errorCode: status.NOT_FOUND }]);
    const metrics = await exported();
    expect([...metrics.keys()].toSorted()).toEqual([
      'grpc.client.call.duration',
      'grpc.server.call.duration',
      'grpc.server.call.started',
    ]);
    const units = Object.fromEntries([...metrics].map(([name, { descriptor }]) => [name, descriptor.unit]));
    expect(units).toEqual({
      'grpc.client.call.duration': 's',
      'grpc.server.call.duration': 's',
      'grpc.server.call.started': '{call}',
    });
    const { value } = metrics.get('grpc.server.call.duration')!.dataPoints[0]!;
    expect((value as { buckets: { boundaries: number[] } }).buckets.boundaries).toEqual(conventions.A66_BUCKETS);

    expect(await pointsOf('grpc.server.call.started')).toEqual([{ attributes: method, count: 2 }]);
    expect(await pointsOf('grpc.server.call.duration')).toEqual([
      { attributes: { ...method, 'grpc.status': 'OK' }, count: 1 },
      { attributes: { ...method, 'grpc.status': 'NOT_FOUND' }, count: 1 },
    ]);
    expect(await pointsOf('grpc.client.call.duration')).toEqual([
      { attributes: { ...method, 'grpc.target': target(), 'grpc.status': 'OK' }, count: 1 },
      { attributes: { ...method, 'grpc.target': target(), 'grpc.status': 'NOT_FOUND' }, count: 1 },
    ]);
  });

  test('attempts, inside a retry', async () => {
    await serve({ instruments: ['a66'] }, { instruments: ['a66'] }, [attempt]);
    await running.call('unary', [{ errorCode: status.UNAVAILABLE }]);
    expect(await pointsOf('grpc.client.attempt.started')).toEqual([
      { attributes: { ...method, 'grpc.target': target() }, count: 1 },
    ]);
    expect(await pointsOf('grpc.client.attempt.duration')).toEqual([
      { attributes: { ...method, 'grpc.target': target(), 'grpc.status': 'UNAVAILABLE' }, count: 1 },
    ]);
    expect(await pointsOf('grpc.client.call.duration')).toEqual([]);
  });
});

test('both kinds of instruments, and Prometheus beside them, see one call once', async () => {
  const register = new Registry();
  await serve({ instruments: ['semconv', 'a66', 'semconv'], register });
  await running.call('unary');
  expect((await pointsOf('rpc.server.call.duration'))[0]!.count).toBe(1);
  expect((await pointsOf('grpc.server.call.duration'))[0]!.count).toBe(1);
  expect(sumOf(await register.metrics(), 'grpc_server_handled_total')).toBe(1);
});

test('extra labels are attributes, and bounded as labels are', async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  let n = 0;
  await serve({ labels: { tenant: () => `t${n++}` }, maxLabelValues: 2 }, {});
  for (let i = 0; i < 5; i++) await running.call('unary');
  const tenants = (await pointsOf('rpc.server.call.duration')).map(
    ({ attributes }) => (attributes as Record<string, string>)['tenant'],
  );
  expect(tenants).toEqual(['t0', 't1', 'other']);
});

test('instruments that throw do not hurt a call', async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const broken = (): never => {
    throw new Error('no');
  };
  const meter = { createCounter: () => ({ add: broken }), createHistogram: () => ({ record: broken }) };
  const interceptors = [
    metricsServerInterceptor({ meterProvider: { getMeter: () => meter }, instruments: ['a66', 'semconv'] }),
  ];
  running = await countedCalls({ interceptors });
  for (const kind of kinds) expect((await running.call(kind)).code).toBe(status.OK);
});

const attempt: Interceptor = (options, nextCall) => new InterceptingCall(nextCall(withAttempt(options, 1)));
