import type { Family, PrometheusRegistry } from './exposition.js';
import type { Style } from './style.js';

/** What a family of ours belongs to; the symbol is shared, so that two copies of this library count into one place. */
const membership = Symbol.for('grpc-js-middleware/metrics-family@1');

interface Membership {
  readonly style: Style;
  /** Two styles of one shape are the same metrics. */
  readonly shape: string;
}

/**
 * Puts the families of a style on a registry. A registry that has them already, from an interceptor made with the same
 * options, is counted into together: a process with three servers has one set of metrics.
 *
 * @throws TypeError when a name is taken by something else.
 */
export function joinRegistry(owner: string, registry: PrometheusRegistry, shape: string, style: Style): Style {
  const present = style.families.map(({ name }) => registry.getSingleMetric(name));
  const taken = present.findIndex((metric) => metric !== undefined);
  if (taken === -1) {
    const member = { style, shape };
    for (const family of style.families) register(registry, family, member);
    return style;
  }
  const first = membershipOf(present[0]);
  const isSame = first?.shape === shape && present.every((metric) => membershipOf(metric) === first);
  if (isSame) return first.style;
  throw new TypeError(
    `${owner}: register already has a metric ${style.families[taken]!.name} that is not of an interceptor with the same options: give one of the two another registry, or both the same options`,
  );
}

function register(registry: PrometheusRegistry, family: Family, member: Membership): void {
  Object.defineProperty(family, membership, { value: member });
  registry.registerMetric(family);
}

function membershipOf(metric: unknown): Membership | undefined {
  return (metric as { [membership]?: Membership } | undefined)?.[membership];
}
