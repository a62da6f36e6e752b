import type { ServerInterceptor } from '@grpc/grpc-js';
import { composeServerInterceptors } from '../core/compose.js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { described } from '../core/description.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { metersOf } from './meters.js';
import { metricsSettings, settingsText, type MetricsOptions } from './options.js';

/**
 * Counts and times the calls that a server receives, whatever their end, on a prom-client registry, an OpenTelemetry
 * meter provider, or both, under the names of go-grpc-prometheus, of OpenTelemetry's RPC conventions, or of gRFC A66.
 * List it far out: what refuses a call further in is counted too.
 *
 * @throws TypeError naming the option that is wrong; or when `register` has other metrics of the same names.
 * @example new Server({ interceptors: [metricsServerInterceptor({ register, methods: [ShopServiceService] })] })
 */
export function metricsServerInterceptor(options: MetricsOptions<ServerCallContext>): ServerInterceptor {
  if (isListed(arguments)) return uncalled('metricsServerInterceptor', arguments);
  const settings = metricsSettings('metricsServerInterceptor', options);
  const meters = metersOf('server', settings).map((meter) => defineServerInterceptor('metrics', meter));
  const interceptor = meters.length === 1 ? meters[0]! : composeServerInterceptors(...meters);
  return described({ name: 'metrics', side: 'server', explain: () => settingsText(settings) }, interceptor);
}
