import type { Family, PrometheusRegistry } from './exposition.js';

/** Metrics with the numbers behind them. */
export interface Families {
  readonly families: readonly Family[];
}

/** What a family of ours belongs to; the symbol is shared, so that two copies of this library count into one place. */
const membership = Symbol.for('grpc-js-middleware/metrics-family@1');

interface Membership {
  readonly owner: Families;
  /** Two owners of one shape have the same metrics. */
  readonly shape: string;
}

/**
 * Puts metrics on a registry. A registry that has them already, made with the same options, is counted into together:
 * a process with three servers has one set of metrics.
 *
 * @param shape What two must have in common to be the same metrics: their kind and their options.
 * @returns Whose numbers are counted from now on: `made`, or what was there.
 * @throws TypeError when a name is taken by something else.
 */
export function joinRegistry<F extends Families>(
  caller: string,
  registry: PrometheusRegistry,
  shape: string,
  made: F,
): F {
  const present = made.families.map(({ name }) => registry.getSingleMetric(name));
  const taken = present.findIndex((metric) => metric !== undefined);
  if (taken === -1) {
    const member = { owner: made, shape };
    for (const family of made.families) register(registry, family, member);
    return made;
  }
  const first = membershipOf(present[0]);
  const isSame = first?.shape === shape && present.every((metric) => membershipOf(metric) === first);
  if (isSame) return first.owner as F;
  throw new TypeError(
    `${caller}: register already has a metric ${made.families[taken]!.name} that is not of ${maker(caller)} with the same options: give one of the two another registry, or both the same options`,
  );
}

const maker = (caller: string): string => (caller.endsWith('Interceptor') ? 'an interceptor' : caller);

function register(registry: PrometheusRegistry, family: Family, member: Membership): void {
  Object.defineProperty(family, membership, { value: member });
  registry.registerMetric(family);
}

function membershipOf(metric: unknown): Membership | undefined {
  return (metric as { [membership]?: Membership } | undefined)?.[membership];
}
