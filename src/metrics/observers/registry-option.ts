import type { OptionChecker } from '../../core/options.js';
import type { PrometheusRegistry } from '../exposition.js';

interface WithRegistry {
  readonly register: PrometheusRegistry;
}

/** @throws TypeError when `register` is no registry. */
export function registryOf(check: OptionChecker<WithRegistry>, { register }: WithRegistry): PrometheusRegistry {
  const { registerMetric, getSingleMetric } = (register ?? {}) as Partial<Record<keyof PrometheusRegistry, unknown>>;
  if (typeof registerMetric === 'function' && typeof getSingleMetric === 'function') return register;
  throw check.error('register', 'a prom-client Registry', register);
}
