import { isObject, optionsOf, type OptionChecker } from '../core/base/options.js';
import type { HealthProbe, ProbeResult, ProbeSchedule } from './probe.js';
import type { ServingStatus } from './status.js';

/** A service's status as clients hear it from now on. */
export interface HealthChange {
  /** Fully qualified; `''` for the server as a whole. */
  readonly service: string;
  /** `SERVICE_UNKNOWN` after `clearStatus`. */
  readonly status: ServingStatus | 'SERVICE_UNKNOWN';
}

/** What a {@link HealthService} is made of. */
export interface HealthServiceOptions {
  /**
   * The services that are known from the start, besides `''`. As a list, each of them and `''` stands on every probe; as
   * a record, each stands on the probes it names, and on those only: one failing probe turns every service that names it.
   *
   * @default []
   * @example { '': ['database', 'queue'], 'shop.OrderService': ['database'] }
   */
  readonly services?: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /**
   * Dependencies to ask, by name. What stands on a probe is NOT_SERVING until the probe has passed for the first time.
   *
   * @default {}
   */
  readonly probes?: Readonly<Record<string, HealthProbe>>;
  /**
   * Between two runs of a probe, in milliseconds. Answers are kept in between: however many clients ask, a dependency
   * is asked once per interval.
   *
   * @default 10_000
   */
  readonly probeIntervalMs?: number;
  /**
   * How long a probe may take, in milliseconds, before it counts as failed and its signal aborts.
   *
   * @default 5_000
   */
  readonly probeTimeoutMs?: number;
  /** Told of each change of a service's status. */
  readonly onChange?: (change: HealthChange) => void;
  /** Told of each run of a probe. */
  readonly onProbe?: (result: ProbeResult) => void;
}

interface Plan {
  readonly services: ReadonlyMap<string, readonly string[]>;
  readonly probes: readonly { readonly name: string; readonly probe: HealthProbe; readonly schedule: ProbeSchedule }[];
}

/** The options, checked and with their defaults filled in. @throws TypeError */
export function readPlan(options: HealthServiceOptions): Plan {
  const check = optionsOf('HealthService', options, [
    'services',
    'probes',
    'probeIntervalMs',
    'probeTimeoutMs',
    'onChange',
    'onProbe',
  ]);
  check.optionalFunction('onChange');
  check.optionalFunction('onProbe');
  const probes = readProbes(check, options);
  return {
    services: readServices(
      check,
      options,
      probes.map(({ name }) => name),
    ),
    probes,
  };
}

function readProbes(check: OptionChecker<HealthServiceOptions>, { probes = {} }: HealthServiceOptions): Plan['probes'] {
  if (!isObject(probes)) throw check.error('probes', 'an object of functions by name', probes);
  const intervalMs = check.milliseconds('probeIntervalMs', { min: 1, fallback: 10_000 });
  const timeoutMs = check.milliseconds('probeTimeoutMs', { min: 1, fallback: 5_000 });
  const entries = Object.entries(probes);
  return entries.map(([name, probe], index) => {
    if (typeof probe !== 'function') throw check.error(`probes.${name}`, 'a function', probe);
    const secondRunAfterMs = (intervalMs * (index + 1)) / entries.length;
    return { name, probe, schedule: { intervalMs, timeoutMs, secondRunAfterMs } };
  });
}

function readServices(
  check: OptionChecker<HealthServiceOptions>,
  { services = [] }: HealthServiceOptions,
  probes: readonly string[],
): Plan['services'] {
  if (typeof services !== 'object' || services === null) {
    throw check.error('services', 'a list of names, or an object with the probes of each', services);
  }
  const named: [string, readonly string[]][] = isList(services)
    ? ['', ...services].map((service) => [service, probes])
    : Object.entries({ '': [], ...services });
  for (const [service, needs] of named) {
    if (typeof service !== 'string') throw check.error('services', 'a list of names', services);
    if (!isList(needs)) throw check.error(`services['${service}']`, 'a list of the names of probes', needs);
    const missing = needs.find((name) => !probes.includes(name));
    if (missing !== undefined)
      throw check.error(`services['${service}']`, `names of probes (${probes.join(', ')})`, missing);
  }
  const unused = probes.find((name) => !named.some(([, needs]) => needs.includes(name)));
  if (unused !== undefined) throw check.error(`probes.${unused}`, 'named by a service, as it turns none', services);
  return new Map(named);
}

const isList = (names: unknown): names is readonly string[] => Array.isArray(names);
