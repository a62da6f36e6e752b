import { VERSION } from '../../core/base/version.js';
import type { MetricsSettings } from '../options.js';
import type { Meter, Side } from '../style.js';
import { a66Meter } from './a66.js';
import type { MeterProviderLike } from './api.js';
import { ExtraLabels } from './extra-labels.js';
import { semconvMeter } from './semconv.js';

/** Records with the instruments that were asked for. */
export function otelMeters(side: Side, settings: MetricsSettings, provider: MeterProviderLike): Meter[] {
  const meter = provider.getMeter('grpc-js-middleware', VERSION);
  const extra = new ExtraLabels(settings);
  return [...new Set(settings.instruments)].map((instruments) =>
    instruments === 'a66' ? a66Meter(side, settings.owner, meter, extra) : semconvMeter(side, meter, extra),
  );
}
