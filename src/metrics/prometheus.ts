import type { Method } from '../core/method.js';
import { methodOf } from '../core/method.js';
import type { CountingRules } from './call-counts.js';
import { CompactStyle } from './compact.js';
import type { PrometheusRegistry } from './exposition.js';
import { GrpcPrometheusStyle } from './grpc-prometheus.js';
import { joinRegistry } from './join-registry.js';
import { LabelSets } from './labels.js';
import type { MetricsSettings } from './options.js';
import type { Meter, Side, Style } from './style.js';

/** Counts into the metrics of a prom-client registry. */
export function prometheusMeter(side: Side, settings: MetricsSettings, register: PrometheusRegistry): Meter {
  const style = joinRegistry(settings.owner, register, shapeOf(side, settings), newStyle(side, settings));
  for (const service of settings.methods) {
    for (const definition of Object.values(service)) style.startAtZero(methodOf(definition));
  }
  return (method) => counterOf(settings, style, method);
}

function newStyle(side: Side, { style, labels, maxLabelValues, buckets, exemplars }: MetricsSettings): Style {
  const rules: CountingRules = { buckets, exemplars };
  const Style = style === 'compact' ? CompactStyle : GrpcPrometheusStyle;
  return new Style(side, new LabelSets(Object.keys(labels), maxLabelValues), rules);
}

/** What two interceptors must have in common to count into the same metrics. */
function shapeOf(side: Side, { style, labels, maxLabelValues, buckets, exemplars }: MetricsSettings): string {
  return JSON.stringify([side, style, Object.keys(labels), maxLabelValues, buckets, exemplars]);
}

function counterOf({ owner, labels }: MetricsSettings, style: Style, method: Method): ReturnType<Meter> {
  const count = style.counterFor(method);
  const { labelSets } = style;
  if (labelSets.names.length > 0) return (call) => count(call, labelSets.of(owner, labels, call));
  const none = labelSets.empty;
  return (call) => count(call, none);
}
