import type { ChannelOptions } from '@grpc/grpc-js';
import { optionsOf } from '../core/base/options.js';
import { checkedThrottling, type RetryPolicy, type RetryThrottling } from '../core/shared/retry-policy.js';
import { methodConfigs, type MethodSettings } from './method-config.js';
import { readRoundRobin, type RoundRobinOptions, type RoundRobinSettings } from './round-robin.js';

/** See {@link serviceConfig}. */
export interface ServiceConfigOptions {
  /** Spreads calls over all addresses of the target; without it grpc-js uses the first that answers. */
  readonly roundRobin?: RoundRobinOptions;
  /**
   * grpc-js's own retry, for every method. It is invisible to interceptors, and repeats whatever fails with these codes:
   * give it to methods that may run twice, or use `retryClientInterceptor`, never both.
   *
   * @default none
   */
  readonly retry?: RetryPolicy;
  /** Keeps the retries of a channel from making an outage worse; off when absent. */
  readonly retryThrottling?: RetryThrottling;
  /**
   * The longest deadline of a call, in milliseconds, for every method. A call's own deadline counts if it is earlier.
   *
   * @default none
   */
  readonly timeoutMs?: number;
  /**
   * The same for some methods: `'pkg.Service/Name'` goes before `'pkg.Service/*'`, and that before what stands outside.
   *
   * @default {}
   * @example { 'shop.ProductService/GetProduct': { retry: { maxAttempts: 3 }, timeoutMs: 500 } }
   */
  readonly methods?: Readonly<Record<string, MethodSettings>>;
}

/** grpc-js's own limit of attempts; beyond it a channel option has to allow them. */
const grpcMaxAttempts = 5;

/**
 * Channel options with gRPC's service config: the one way to write `grpc.service_config`, whose text grpc-js partly
 * reads otherwise than its documents say. Spread the result into the client's options. Configs from DNS are turned off,
 * as one would replace this.
 *
 * @throws TypeError naming the option that is wrong.
 * @throws Error when grpc-js lacks a part that an option stands on.
 * @example new ShopClient(target, credentials, serviceConfig({ roundRobin: {}, timeoutMs: 2_000 }))
 */
export function serviceConfig(options: ServiceConfigOptions): ChannelOptions {
  optionsOf('serviceConfig', options, ['roundRobin', 'retry', 'retryThrottling', 'timeoutMs', 'methods']);
  const { roundRobin } = options;
  return channelOptions(
    options,
    roundRobin === undefined ? undefined : readRoundRobin('serviceConfig: roundRobin', roundRobin),
  );
}

function channelOptions(options: ServiceConfigOptions, balancing: RoundRobinSettings | undefined): ChannelOptions {
  const { retryThrottling } = options;
  const { configs, maxAttempts } = methodConfigs('serviceConfig', options);
  const config = {
    ...(balancing && { loadBalancingConfig: balancing.policies }),
    ...(configs.length > 0 && { methodConfig: configs }),
    ...(retryThrottling !== undefined && {
      retryThrottling: checkedThrottling('serviceConfig: retryThrottling', retryThrottling),
    }),
  };
  return {
    'grpc.service_config': JSON.stringify(config),
    'grpc.service_config_disable_resolution': 1,
    ...balancing?.channelOptions,
    ...(maxAttempts > grpcMaxAttempts && { 'grpc-node.retry_max_attempts_limit': maxAttempts }),
  };
}

/**
 * Channel options for round robin: `serviceConfig({ roundRobin: options })`.
 *
 * @throws TypeError naming the option that is wrong.
 */
export function roundRobin(options: RoundRobinOptions = {}): ChannelOptions {
  return channelOptions({}, readRoundRobin('roundRobin', options));
}
