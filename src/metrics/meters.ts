import type { MetricsSettings } from './options.js';
import { otelMeters } from './otel/meters.js';
import { prometheusMeter } from './prometheus.js';
import type { Meter, Side } from './style.js';
import type { Method } from '../core/method.js';
import { KnownMethods } from './known-methods.js';

/** One meter for each thing to count with. */
export function metersOf(side: Side, settings: MetricsSettings): Meter[] {
  const { register, meterProvider } = settings;
  const methods = new KnownMethods();
  return [
    ...(register === undefined ? [] : [prometheusMeter(side, settings, register)]),
    ...(meterProvider === undefined ? [] : otelMeters(side, settings, meterProvider)),
  ].map((meter) => bounded(meter, methods));
}

/** Counts methods beyond the known ones as one. */
function bounded(meter: Meter, methods: KnownMethods): Meter {
  const ofOthers = new Map<Method, ReturnType<Meter>>();
  return (method) => {
    const counted = methods.of(method);
    if (counted === method) return meter(method);
    if (!ofOthers.has(counted)) ofOthers.set(counted, meter(counted));
    return ofOthers.get(counted)!;
  };
}
