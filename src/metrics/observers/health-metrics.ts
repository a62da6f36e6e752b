import { isObject, optionsOf, type OptionChecker } from '../../core/base/options.js';
import { reportHookFailure } from '../../core/base/report-failure.js';
import { Family, type PrometheusRegistry, type Sample } from '../exposition.js';
import { joinRegistry } from '../join-registry.js';
import { registryOf } from './registry-option.js';

/** The part of a `HealthService` that is read. */
export interface HealthStatuses {
  /** The present status of each service, by its name. */
  statuses(): ReadonlyMap<string, string>;
}

/** Options of {@link healthMetrics}. */
export interface HealthMetricsOptions {
  /** A prom-client `Registry`. */
  readonly register: PrometheusRegistry;
  /** A `HealthService`; it is asked at each scrape. */
  readonly health: HealthStatuses;
  /**
   * Tell the servers of one process apart. A health service takes the place of an earlier one with the same labels, as
   * that of a server which was restarted.
   *
   * @default {}
   * @example { replica: 'products-2' }
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Shows the status of each service that a health service knows, for Prometheus: 1 while it is SERVING, 0 otherwise.
 *
 * @returns A function that takes it off again, for a server that is gone while its process goes on.
 * @throws TypeError naming the option that is wrong; or when `register` has another metric of the same name.
 * @example healthMetrics({ register, health });
 */
export function healthMetrics(options: HealthMetricsOptions): () => void {
  const check = optionsOf('healthMetrics', options, ['register', 'health', 'labels']);
  const register = registryOf(check);
  const health = check.having('health', 'a HealthService', 'statuses');
  const labels = labelsOf(check, options);
  const shape = JSON.stringify(['health', ...Object.keys(labels)]);
  return joinRegistry('healthMetrics', register, shape, new HealthGauge()).show({ health, labels });
}

interface Shown {
  readonly health: HealthStatuses;
  readonly labels: Readonly<Record<string, string>>;
}

class HealthGauge {
  private readonly shown = new Map<string, Shown>();
  readonly families: readonly Family[];

  constructor() {
    const help =
      'Health of each service by grpc.health.v1: 1 SERVING, 0 not. The empty service is the server as a whole.';
    this.families = [
      new Family(
        { name: 'grpc_health_status', help, type: 'gauge', aggregator: 'min' },
        () => [...this.shown.values()].flatMap(samplesOf),
        // Services are as they are.
        () => undefined,
      ),
    ];
  }

  show(shown: Shown): () => void {
    const place = JSON.stringify(shown.labels);
    this.shown.set(place, shown);
    return () => {
      if (this.shown.get(place) === shown) this.shown.delete(place);
    };
  }
}

/** A health service that cannot be asked must not cost the scrape all other metrics. */
function samplesOf({ health, labels }: Shown): Sample[] {
  try {
    return [...health.statuses()].map(([service, status]) => ({
      labels: { grpc_service: service, ...labels },
      value: status === 'SERVING' ? 1 : 0,
    }));
  } catch (error) {
    reportHookFailure('healthMetrics', 'health', error);
    return [];
  }
}

/** A copy in one order, so that two with the same labels are known for the same. */
function labelsOf(
  check: OptionChecker<HealthMetricsOptions>,
  { labels = {} }: HealthMetricsOptions,
): Readonly<Record<string, string>> {
  if (!isObject(labels)) throw check.error('labels', 'an object of strings', labels);
  for (const [name, value] of Object.entries(labels)) {
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name) || name === 'grpc_service') {
      throw check.error('a name in labels', 'of letters, digits and _, and not grpc_service', name);
    }
    if (typeof value !== 'string') throw check.error(`labels.${name}`, 'a string', value);
  }
  return Object.fromEntries(Object.entries(labels).sort());
}
