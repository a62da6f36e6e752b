import { connectivityState } from '@grpc/grpc-js';
import {
  childBalancer,
  isLoadBalancerNameRegistered,
  parseLoadBalancingConfig,
  registerLoadBalancerType,
  requireExperimental,
  type Addresses,
  type ChannelControlHelper,
  type LoadBalancer,
  type PickArgs,
  type Picker,
  type PickResult,
  type TypedLoadBalancingConfig,
} from './experimental.js';
import { HealthSubchannel } from './health-subchannel.js';
import type { HealthCheckSettings } from './health-watch.js';

/** The load-balancing policy's name in service configs: round robin over the backends that say they serve (gRFC A17). */
export const healthPolicyName = 'grpc_js_middleware_health_checked_round_robin';

/** Makes the policy known to grpc-js. @throws Error when grpc-js lacks what it stands on. */
export function registerHealthPolicy(owner: string): void {
  requireExperimental(
    owner,
    'registerLoadBalancerType',
    'isLoadBalancerNameRegistered',
    'parseLoadBalancingConfig',
    'createChildChannelControlHelper',
    'ChildLoadBalancerHandler',
    'BaseSubchannelWrapper',
  );
  if (isLoadBalancerNameRegistered(healthPolicyName)) return;
  registerLoadBalancerType(healthPolicyName, HealthPolicy, HealthPolicyConfig);
}

class HealthPolicyConfig implements TypedLoadBalancingConfig {
  constructor(readonly settings: HealthCheckSettings) {}

  static createFromJson(json: HealthCheckSettings): HealthPolicyConfig {
    return new HealthPolicyConfig(json);
  }

  getLoadBalancerName(): string {
    return healthPolicyName;
  }

  toJsonObject(): object {
    return { [healthPolicyName]: this.settings };
  }
}

/** grpc-js's round robin, over subchannels that know their backend's health. */
class HealthPolicy implements LoadBalancer {
  readonly #child: ReturnType<typeof childBalancer>;
  #settings: HealthCheckSettings = { serviceName: '' };

  constructor(helper: ChannelControlHelper) {
    this.#child = childBalancer(helper, {
      createSubchannel: (address, options) =>
        new HealthSubchannel(helper.createSubchannel(address, options), this.#settings),
      updateState: (state, picker, message) =>
        helper.updateState(state, state === connectivityState.READY ? new UnwrappingPicker(picker) : picker, message),
    });
  }

  updateAddressList(
    addresses: Addresses,
    config: TypedLoadBalancingConfig,
    options: Parameters<LoadBalancer['updateAddressList']>[2],
    note: string,
  ): boolean {
    if (config.getLoadBalancerName() !== healthPolicyName) return false;
    this.#settings = (config as HealthPolicyConfig).settings;
    return this.#child.updateAddressList(addresses, parseLoadBalancingConfig({ round_robin: {} }), options, note);
  }

  exitIdle(): void {
    this.#child.exitIdle();
  }

  resetBackoff(): void {
    this.#child.resetBackoff();
  }

  destroy(): void {
    this.#child.destroy();
  }

  getTypeName(): string {
    return healthPolicyName;
  }
}

/** Gives each policy further out the wrapper that it made itself: outlier detection finds its counters by it. */
class UnwrappingPicker implements Picker {
  constructor(private readonly inner: Picker) {}

  pick(args: PickArgs): PickResult {
    const result = this.inner.pick(args);
    return result.subchannel instanceof HealthSubchannel ? { ...result, subchannel: result.subchannel.inner } : result;
  }
}
