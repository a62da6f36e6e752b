import type * as root from 'grpc-js-middleware';
import * as metrics from 'grpc-js-middleware/metrics';
import * as testing from 'grpc-js-middleware/testing';
import { Registry } from 'prom-client';
import { wrong, wrongArgument, wrongOptions, type WrongCalls } from '../support/wrong.js';

const register = new Registry();
const meterProvider = { getMeter: () => ({}) as never };
const service = testing.EchoServiceService;
const metricsRows = {
  register: wrong.foreign,
  meterProvider: wrong.foreign,
  style: [null, '', 'prometheus', 5],
  histogram: [null, true, 'x', []],
  exemplars: wrong.boolean,
  labels: [...wrong.object, { tenant: 'acme' }],
  maxLabelValues: wrong.count,
  methods: [...wrong.list, [1], [{ Get: {} }]],
  instruments: [...wrong.list, [], ['A66'], ['semconv']],
};

export const wrongCalls: WrongCalls = {
  metricsServerInterceptor: [
    ...wrongOptions<metrics.MetricsOptions<root.ServerCallContext>>(
      'metricsServerInterceptor',
      metrics.metricsServerInterceptor,
      { register },
      metricsRows,
    ),
    ...wrongOptions<{ readonly buckets?: readonly number[] }>(
      'metricsServerInterceptor: histogram',
      (histogram) => metrics.metricsServerInterceptor({ register, histogram }),
      {},
      { buckets: [null, 5, [], [2, 1], [1, 1], [Number.NaN], [1, Infinity], ['1']] },
    ),
    ...wrongArgument('metricsServerInterceptor: register', [undefined], (given) =>
      metrics.metricsServerInterceptor({ register: given }),
    ),
    ...wrongArgument('metricsServerInterceptor: exemplars', [true], (exemplars) =>
      metrics.metricsServerInterceptor({ register, exemplars }),
    ),
    ...wrongArgument('metricsServerInterceptor: methods', [[service]], (methods) =>
      metrics.metricsServerInterceptor({ meterProvider, methods }),
    ),
    ...wrongArgument('metricsServerInterceptor: a name in labels', ['a-b', '__a', 'grpc_code'], (name) =>
      metrics.metricsServerInterceptor({ register, labels: { [name]: () => '' } }),
    ),
  ],
  metricsClientInterceptor: wrongOptions<metrics.MetricsOptions<root.ClientCallContext>>(
    'metricsClientInterceptor',
    metrics.metricsClientInterceptor,
    { register },
    metricsRows,
  ),
  metricsHandler: wrongArgument('metricsHandler: register', [undefined, ...wrong.foreign], metrics.metricsHandler),
  retryMetrics: wrongOptions<metrics.RetryMetricsOptions>(
    'retryMetrics',
    metrics.retryMetrics,
    { register },
    { register: [undefined, ...wrong.foreign] },
  ),
  overloadMetrics: wrongOptions<metrics.OverloadMetricsOptions>(
    'overloadMetrics',
    metrics.overloadMetrics,
    { register },
    { register: [undefined, ...wrong.foreign], maxKeys: wrong.count },
  ),
  healthMetrics: wrongOptions<metrics.HealthMetricsOptions>(
    'healthMetrics',
    metrics.healthMetrics,
    { register, health: { statuses: () => new Map() } },
    {
      register: [undefined, ...wrong.foreign],
      health: [undefined, ...wrong.foreign],
      labels: [...wrong.object, { replica: 5 }],
    },
  ),
};
