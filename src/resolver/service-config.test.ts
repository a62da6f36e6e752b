import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { durationText } from './duration.js';
import { roundRobin, serviceConfig } from './service-config.js';
import { registerStaticResolver } from './static-resolver.js';
import { echoClient, TestBackend } from './fixtures/backend.js';

const configOf = (options: object): unknown =>
  JSON.parse((options as { 'grpc.service_config': string })['grpc.service_config']);

const clean: (() => void)[] = [];
afterEach(() => {
  for (const undo of clean.splice(0)) undo();
});

/** A backend behind a static name, and a client with these options. */
async function connect(options: object) {
  const backend = await TestBackend.start('a', 'none');
  registerStaticResolver('configured', { shop: [backend.address] });
  const client = echoClient('configured:///shop', options);
  clean.push(
    () => client.close(),
    () => backend.kill(),
  );
  return { backend, client };
}

describe('roundRobin', () => {
  test('is round robin, with no config from DNS', () => {
    expect(roundRobin()).toEqual({
      'grpc.service_config': '{"loadBalancingConfig":[{"round_robin":{}}]}',
      'grpc.service_config_disable_resolution': 1,
    });
  });

  test('sets keepalive', () => {
    expect(roundRobin({ keepaliveTimeMs: 10_000, keepaliveTimeoutMs: 2_000 })).toMatchObject({
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 2_000,
    });
  });

  test('puts health checks over plain round robin, for a grpc-js that does not know them', () => {
    expect(configOf(roundRobin({ healthCheck: { serviceName: 'shop' } }))).toEqual({
      loadBalancingConfig: [
        {
          grpc_js_middleware_health_checked_round_robin: {
            serviceName: 'shop',
            initialBackoffMs: 1_000,
            maxBackoffMs: 120_000,
          },
        },
        { round_robin: {} },
      ],
    });
  });

  test('puts outlier detection around either, in the words of grpc-js', () => {
    const { loadBalancingConfig } = configOf(
      roundRobin({
        healthCheck: { serviceName: '' },
        outlierDetection: {
          intervalMs: 1_500,
          baseEjectionTimeMs: 250,
          maxEjectionTimeMs: 60_000,
          maxEjectionPercent: 50,
          successRateEjection: {},
          failurePercentageEjection: { threshold: 50, minimumHosts: 2, requestVolume: 5, enforcementPercentage: 90 },
        },
      }),
    ) as { loadBalancingConfig: { outlier_detection: { child_policy: object[] } }[] };
    const { child_policy, ...outlier } = loadBalancingConfig[0]!.outlier_detection;
    expect(outlier).toEqual({
      interval: { seconds: 1, nanos: 500_000_000 },
      base_ejection_time: { seconds: 0, nanos: 250_000_000 },
      max_ejection_time: { seconds: 60, nanos: 0 },
      max_ejection_percent: 50,
      success_rate_ejection: {},
      failure_percentage_ejection: { threshold: 50, minimum_hosts: 2, request_volume: 5, enforcement_percentage: 90 },
    });
    expect(child_policy.map((policy) => Object.keys(policy)[0])).toEqual([
      'grpc_js_middleware_health_checked_round_robin',
      'round_robin',
    ]);
  });
});

describe('serviceConfig', () => {
  test('says nothing where nothing is asked', () => {
    expect(configOf(serviceConfig({}))).toEqual({});
  });

  test('writes durations as grpc-js reads them', () => {
    expect(configOf(serviceConfig({ timeoutMs: 500, retry: { initialBackoffMs: 50, maxBackoffMs: 1_250 } }))).toEqual({
      methodConfig: [
        {
          name: [{}],
          timeout: { seconds: 0, nanos: 500_000_000 },
          retryPolicy: {
            maxAttempts: 4,
            initialBackoff: '0.05s',
            maxBackoff: '1.25s',
            backoffMultiplier: 2,
            retryableStatusCodes: [status.UNAVAILABLE],
          },
        },
      ],
    });
    expect([1, 10, 1_000, 0.001, 90_000].map(durationText)).toEqual(['0.001s', '0.01s', '1s', '0.000001s', '90s']);
  });

  test('narrows by method, and takes what a method does not say from the next wider entry', () => {
    const { methodConfig } = configOf(
      serviceConfig({
        timeoutMs: 1_000,
        retry: { maxAttempts: 2 },
        methods: {
          'shop.Orders/*': { retry: false },
          '/shop.Orders/Get': { timeoutMs: 2_000 },
          'shop.Products/Get': { retry: { maxAttempts: 3 } },
        },
      }),
    ) as { methodConfig: { name: object[]; timeout: { seconds: number }; retryPolicy?: { maxAttempts: number } }[] };
    expect(
      methodConfig.map(({ name, timeout, retryPolicy }) => [name[0], timeout.seconds, retryPolicy?.maxAttempts]),
    ).toEqual([
      [{}, 1, 2],
      [{ service: 'shop.Orders' }, 1, undefined],
      [{ service: 'shop.Orders', method: 'Get' }, 2, undefined],
      [{ service: 'shop.Products', method: 'Get' }, 1, 3],
    ]);
  });

  test('gives grpc-js a half second where half a second is meant', async () => {
    const { client } = await connect(serviceConfig({ timeoutMs: 500 }));
    expect(await client.ask()).toBe('a');
  });

  test('has grpc-js try as often as it is told, also more than five times', async () => {
    const { backend, client } = await connect(
      serviceConfig({
        retry: {
          maxAttempts: 7,
          maxAttemptsLimit: 7,
          initialBackoffMs: 1,
          maxBackoffMs: 2,
          retryableStatusCodes: ['INTERNAL'],
        },
        retryThrottling: { maxTokens: 100, tokenRatio: 0.1 },
      }),
    );
    backend.fails = true;
    expect(await client.ask()).toMatch(/^INTERNAL/);
    expect(backend.calls).toBe(7);
  });

  test('retries only the methods that are named', async () => {
    const { backend, client } = await connect(
      serviceConfig({
        retry: { initialBackoffMs: 1, retryableStatusCodes: ['INTERNAL'] },
        methods: { 'grpc_js_middleware.testing.v1.EchoService/Echo': { retry: false } },
      }),
    );
    backend.fails = true;
    expect(await client.ask()).toMatch(/^INTERNAL/);
    expect(backend.calls).toBe(1);
  });
});

describe('wrong options', () => {
  test.each([
    [{ timeoutMs: 0 }, 'serviceConfig: timeoutMs must be a number from 1'],
    [{ timeoutMs: '1s' }, 'serviceConfig: timeoutMs must be a number from 1'],
    [{ retry: { maxAttempts: 1 } }, 'serviceConfig: retry.maxAttempts must be an integer of at least 2'],
    [{ retry: { retryableStatusCodes: [] } }, 'retryableStatusCodes must be a non-empty list'],
    [{ retryThrottling: { maxTokens: 0, tokenRatio: 1 } }, 'serviceConfig: retryThrottling.maxTokens must be'],
    [{ methods: { Get: {} } }, "a name in methods must be 'pkg.Service/Name' or 'pkg.Service/*'"],
    [{ methods: { 'a.B/C': {}, '/a.B/C': {} } }, "a name in methods must be 'pkg.Service/Name'"],
    [{ methods: { 'a.B/C': { timeoutMs: -1 } } }, "methods['a.B/C'].timeoutMs must be a number from 1"],
    [{ roundRobin: { healthCheck: {} } }, 'roundRobin.healthCheck.serviceName must be a string'],
    [{ roundRobin: { keepaliveTimeMs: 0 } }, 'serviceConfig: roundRobin.keepaliveTimeMs must be a number from 1'],
    [{ roundRobin: { outlierDetection: {} } }, 'successRateEjection must be given, or failurePercentageEjection'],
    [
      { roundRobin: { outlierDetection: { successRateEjection: { enforcementPercentage: 101 } } } },
      'successRateEjection.enforcementPercentage must be a number from 0 to 100',
    ],
    [
      { roundRobin: { outlierDetection: { failurePercentageEjection: { minimumHosts: 1.5 } } } },
      'failurePercentageEjection.minimumHosts must be an integer of at least 0',
    ],
  ])('%j', (options, message) => {
    expect(() => serviceConfig(options as never)).toThrow(message);
  });
});
