import type { Method } from '../../core/method.js';
import { optionsOf } from '../../core/base/options.js';
import type { PrometheusRegistry } from '../exposition.js';
import { joinRegistry } from '../join-registry.js';
import { BreakerStates, type CountedStateChange } from './breaker-states.js';
import { DecisionCounts } from './decision-counts.js';
import { registryOf } from './registry-option.js';

/** Options of {@link overloadMetrics}. */
export interface OverloadMetricsOptions {
  /** A prom-client `Registry`. */
  readonly register: PrometheusRegistry;
  /**
   * How many keys of circuit breakers have series of their own; changes of the rest are counted as `other`. At least 1.
   *
   * @default 100
   */
  readonly maxKeys?: number;
}

/** A decision about a call, as the interceptors of `/overload` tell it. */
export interface CountedDecision {
  /** Who decided. */
  readonly kind: 'rate_limit' | 'concurrency' | 'load_shedding' | 'circuit_breaker';
  /** What became of the call; `would_refuse`: a dry run admitted it. */
  readonly decision: 'admitted' | 'refused' | 'would_refuse';
  /** Which method was called. */
  readonly method: Method;
}

/** What `observer` of the interceptors of `/overload` takes. */
export interface OverloadMetrics {
  /** Counts a decision. */
  onDecision(event: CountedDecision): void;
  /** Counts a change of state, and shows the present one. */
  onStateChange(event: CountedStateChange): void;
}

/**
 * Counts what limits, load shedding and circuit breakers decide, dry runs apart, and shows the breakers' states, for
 * Prometheus. One object serves any number of them.
 *
 * @throws TypeError naming the option that is wrong; or when `register` has other metrics of the same names.
 * @example
 * const observer = overloadMetrics({ register });
 * new Server({ interceptors: [loadSheddingServerInterceptor({ observer })] });
 */
export function overloadMetrics(options: OverloadMetricsOptions): OverloadMetrics {
  const check = optionsOf('overloadMetrics', options, ['register', 'maxKeys']);
  const register = registryOf(check);
  const maxKeys = check.number('maxKeys', { min: 1, integer: true, fallback: 100 });
  return joinRegistry('overloadMetrics', register, `overload ${maxKeys}`, new OverloadCounts(maxKeys));
}

class OverloadCounts implements OverloadMetrics {
  private readonly server = new DecisionCounts(
    'grpc_server_overload_decisions_total',
    'Decisions about calls by the limits of the server; would_refuse: by a dry run.',
    (limiter) => ({ limiter }),
  );
  private readonly client = new DecisionCounts(
    'grpc_client_circuit_breaker_decisions_total',
    'Decisions about calls by circuit breakers of the client; would_refuse: by a dry run.',
    () => ({}),
  );
  private readonly breakers: BreakerStates;
  readonly families;

  constructor(maxKeys: number) {
    this.breakers = new BreakerStates(maxKeys);
    this.families = [this.server.family, this.client.family, ...this.breakers.families];
  }

  onDecision({ kind, decision, method }: CountedDecision): void {
    (kind === 'circuit_breaker' ? this.client : this.server).add(method, kind, decision);
  }

  onStateChange(event: CountedStateChange): void {
    this.breakers.change(event);
  }
}
