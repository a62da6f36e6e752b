import type { OptionChecker } from '../../core/base/options.js';
import type { PrometheusRegistry } from '../exposition.js';

interface WithRegistry {
  readonly register: PrometheusRegistry;
}

/** @throws TypeError when `register` is no registry. */
export function registryOf(check: OptionChecker<WithRegistry>): PrometheusRegistry {
  return check.having('register', 'a prom-client Registry', 'registerMetric', 'getSingleMetric');
}
