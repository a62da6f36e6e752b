import * as resolver from 'grpc-js-middleware/resolver';
import type * as retry from 'grpc-js-middleware/retry';
import {
  wrong,
  wrongArgument,
  wrongOptions,
  wrongPolicies,
  type WithoutOptions,
  type WrongCalls,
} from '../support/wrong.js';

const { policy, throttling } = wrongPolicies;
const backoff = { initialBackoffMs: wrong.time, maxBackoffMs: wrong.time };

export const wrongCalls: WrongCalls = {
  registerStaticResolver: [
    ...wrongArgument('registerStaticResolver: scheme', [undefined, ...wrong.text, '1x', 'dns'], (scheme) =>
      resolver.registerStaticResolver(scheme, {}),
    ),
    ...wrongArgument('registerStaticResolver: table', wrong.object, (given) =>
      resolver.registerStaticResolver('wrong', given),
    ),
    ...wrongArgument("registerStaticResolver: table['a']", [null, 'a:1', 5, ['a'], ['a:0'], [5]], (addresses) =>
      resolver.registerStaticResolver('wrong', { a: addresses }),
    ),
  ],
  registerPollingDnsResolver: wrongOptions<resolver.PollingDnsOptions>(
    'registerPollingDnsResolver',
    resolver.registerPollingDnsResolver,
    { intervalMs: 1_000 },
    {
      scheme: [...wrong.text, 'dns'],
      intervalMs: [undefined, ...wrong.time],
      jitter: wrong.share,
      lookup: wrong.function,
      lookupTimeoutMs: wrong.time,
      onError: wrong.function,
    },
  ),
  dnsLookup: wrongOptions<resolver.DnsServers>(
    'dnsLookup',
    resolver.dnsLookup,
    {},
    {
      servers: [...wrong.list, [], ['x'], [5]],
    },
  ),
  srvLookup: wrongOptions<resolver.DnsServers>(
    'srvLookup',
    resolver.srvLookup,
    {},
    {
      servers: [...wrong.list, [], ['x'], [5]],
    },
  ),
  registerAddressSource: [
    ...wrongArgument('registerAddressSource: scheme', [undefined, ...wrong.text, 'dns'], (scheme) =>
      resolver.registerAddressSource(scheme, async function* () {}),
    ),
    ...wrongArgument('registerAddressSource: source', [undefined, ...wrong.function], (source) =>
      resolver.registerAddressSource('wrong', source),
    ),
    ...wrongOptions<resolver.AddressSourceOptions>(
      'registerAddressSource',
      (options) => resolver.registerAddressSource('wrong', async function* () {}, options),
      {},
      { ...backoff, onError: wrong.function },
    ),
  ],
  serviceConfig: [
    ...wrongOptions<resolver.ServiceConfigOptions>(
      'serviceConfig',
      resolver.serviceConfig,
      {},
      {
        roundRobin: wrong.object,
        retry: wrong.object,
        retryThrottling: wrong.object,
        timeoutMs: wrong.time,
        methods: [...wrong.object],
      },
    ),
    ...wrongOptions<retry.RetryPolicy>(
      'serviceConfig: retry',
      (given) => resolver.serviceConfig({ retry: given }),
      {},
      policy,
    ),
    ...wrongOptions<retry.RetryThrottling>(
      'serviceConfig: retryThrottling',
      (retryThrottling) => resolver.serviceConfig({ retryThrottling }),
      { maxTokens: 10, tokenRatio: 0.1 },
      throttling,
    ),
    ...wrongOptions<resolver.MethodSettings>(
      "serviceConfig: methods['a.B/C']",
      (settings) => resolver.serviceConfig({ methods: { 'a.B/C': settings } }),
      {},
      { retry: [null, true, 'x', []], timeoutMs: wrong.time },
    ),
    ...wrongArgument('serviceConfig: a name in methods', ['', 'a', 'a.B', '*'], (name) =>
      resolver.serviceConfig({ methods: { [name]: {} } }),
    ),
    ...wrongArgument('serviceConfig: roundRobin.keepaliveTimeMs', wrong.time, (keepaliveTimeMs) =>
      resolver.serviceConfig({ roundRobin: { keepaliveTimeMs } }),
    ),
  ],
  roundRobin: [
    ...wrongOptions<resolver.RoundRobinOptions>(
      'roundRobin',
      resolver.roundRobin,
      {},
      {
        healthCheck: wrong.object,
        outlierDetection: [...wrong.object],
        keepaliveTimeMs: wrong.time,
        keepaliveTimeoutMs: wrong.time,
      },
    ),
    ...wrongOptions<resolver.HealthCheckOptions>(
      'roundRobin: healthCheck',
      (healthCheck) => resolver.roundRobin({ healthCheck }),
      { serviceName: '' },
      { serviceName: [undefined, ...wrong.anyText], ...backoff },
    ),
    ...wrongOptions<resolver.OutlierDetectionOptions>(
      'roundRobin: outlierDetection',
      (outlierDetection) => resolver.roundRobin({ outlierDetection }),
      { successRateEjection: {} },
      {
        intervalMs: wrong.time,
        baseEjectionTimeMs: wrong.time,
        maxEjectionTimeMs: wrong.time,
        maxEjectionPercent: wrong.percent,
        successRateEjection: [undefined, ...wrong.object],
        failurePercentageEjection: wrong.object,
      },
    ),
    ...wrongOptions<resolver.SuccessRateEjection>(
      'roundRobin: outlierDetection.successRateEjection',
      (successRateEjection) => resolver.roundRobin({ outlierDetection: { successRateEjection } }),
      {},
      {
        stdevFactor: [...wrong.atLeastZero, 0.5],
        enforcementPercentage: wrong.percent,
        minimumHosts: [...wrong.atLeastZero, 0.5],
        requestVolume: [...wrong.atLeastZero, 0.5],
      },
    ),
    ...wrongOptions<resolver.FailurePercentageEjection>(
      'roundRobin: outlierDetection.failurePercentageEjection',
      (failurePercentageEjection) => resolver.roundRobin({ outlierDetection: { failurePercentageEjection } }),
      {},
      {
        threshold: wrong.percent,
        enforcementPercentage: wrong.percent,
        minimumHosts: [...wrong.atLeastZero, 0.5],
        requestVolume: [...wrong.atLeastZero, 0.5],
      },
    ),
  ],
};

export const withoutOptions: WithoutOptions = {
  systemLookup: 'is called by the resolver',
};
