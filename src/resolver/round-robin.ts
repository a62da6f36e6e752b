import type { ChannelOptions } from '@grpc/grpc-js';
import { optionName, optionsOf } from '../core/base/options.js';
import { checkedBackoff, type BackoffOptions } from './backoff.js';
import { isLoadBalancerNameRegistered, requireExperimental } from './experimental.js';
import { healthPolicyName, registerHealthPolicy } from './health-policy.js';
import { outlierDetectionConfig, type OutlierDetectionOptions } from './outlier-detection.js';

/** How calls are spread over the addresses of a target. */
export interface RoundRobinOptions {
  /** Asks each backend's health service, and leaves out who does not serve (gRFC A17); off when absent. */
  readonly healthCheck?: HealthCheckOptions;
  /** Leaves out who fails more than others (gRFC A50); off when absent. */
  readonly outlierDetection?: OutlierDetectionOptions;
  /**
   * After how long a silence a connection with open calls is pinged, in milliseconds; a health check is such a call.
   * Together with `keepaliveTimeoutMs` this says how soon a backend that hangs is noticed. Servers in other languages
   * refuse clients that ping more often than every five minutes, unless they are told otherwise (gRFC A8); grpc-js's do not.
   *
   * @default no pings
   */
  readonly keepaliveTimeMs?: number;
  /**
   * How long a ping may stay without an answer, in milliseconds, before the connection is given up.
   *
   * @default 20_000
   */
  readonly keepaliveTimeoutMs?: number;
}

/** What to ask a backend. After a failure it is asked again after a backoff. */
export interface HealthCheckOptions extends BackoffOptions {
  /** Fully qualified, as in `shop.OrderService`; empty for the backend as a whole. */
  readonly serviceName: string;
}

type PolicyConfig = Readonly<Record<string, object>>;

/** What round robin is to a channel: its policies, in order of preference, and what stands outside the service config. */
export interface RoundRobinSettings {
  /** A channel takes the first that its copy of grpc-js knows. */
  readonly policies: readonly PolicyConfig[];
  readonly channelOptions: ChannelOptions;
}

/** @throws TypeError naming the option that is wrong. */
export function readRoundRobin(place: string, options: RoundRobinOptions): RoundRobinSettings {
  const check = optionsOf(place, options, ['healthCheck', 'outlierDetection', 'keepaliveTimeMs', 'keepaliveTimeoutMs']);
  const { keepaliveTimeMs, keepaliveTimeoutMs } = options;
  const time = (name: 'keepaliveTimeMs' | 'keepaliveTimeoutMs') => check.milliseconds(name, { min: 1 });
  const channelOptions = {
    ...(keepaliveTimeMs !== undefined && { 'grpc.keepalive_time_ms': time('keepaliveTimeMs') }),
    ...(keepaliveTimeoutMs !== undefined && { 'grpc.keepalive_timeout_ms': time('keepaliveTimeoutMs') }),
  };
  return { policies: policiesOf(place, options), channelOptions };
}

function policiesOf(place: string, { healthCheck, outlierDetection }: RoundRobinOptions): readonly PolicyConfig[] {
  const policies: PolicyConfig[] = [{ round_robin: {} }];
  if (healthCheck !== undefined) policies.unshift(healthCheckConfig(optionName(place, 'healthCheck'), healthCheck));
  if (outlierDetection === undefined) return policies;
  const outlierPlace = optionName(place, 'outlierDetection');
  requireOutlierDetection(outlierPlace);
  const outlier = outlierDetectionConfig(outlierPlace, outlierDetection);
  return [{ outlier_detection: { ...outlier, child_policy: policies } }, ...policies];
}

function healthCheckConfig(place: string, options: HealthCheckOptions): PolicyConfig {
  const check = optionsOf(place, options, ['serviceName', 'initialBackoffMs', 'maxBackoffMs']);
  const serviceName = check.text('serviceName');
  const backoff = checkedBackoff(check);
  registerHealthPolicy(place);
  return { [healthPolicyName]: { serviceName, ...backoff } };
}

/** grpc-js would fall back to a single connection without a word where the policy is turned off. */
function requireOutlierDetection(place: string): void {
  requireExperimental(place, 'isLoadBalancerNameRegistered');
  if (isLoadBalancerNameRegistered('outlier_detection')) return;
  throw new Error(`${place} is turned off in grpc-js: unset GRPC_EXPERIMENTAL_ENABLE_OUTLIER_DETECTION`);
}
