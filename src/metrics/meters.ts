import type { MetricsSettings } from './options.js';
import { otelMeters } from './otel/meters.js';
import { prometheusMeter } from './prometheus.js';
import type { Meter, Side } from './style.js';

/** One meter for each thing to count with. */
export function metersOf(side: Side, settings: MetricsSettings): Meter[] {
  const { register, meterProvider } = settings;
  return [
    ...(register === undefined ? [] : [prometheusMeter(side, settings, register)]),
    ...(meterProvider === undefined ? [] : otelMeters(side, settings, meterProvider)),
  ];
}
