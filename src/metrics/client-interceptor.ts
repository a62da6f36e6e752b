import type { Interceptor } from '@grpc/grpc-js';
import { composeClientInterceptors } from '../core/compose.js';
import type { ClientCallContext } from '../core/context.js';
import { defineClientInterceptor } from '../core/define.js';
import { described } from '../core/description.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { metersOf } from './meters.js';
import { metricsSettings, settingsText, type MetricsOptions } from './options.js';

/**
 * Counts and times the calls that a client makes, as the application sees them; where it is listed after a retry
 * interceptor, the attempts, under names of their own.
 *
 * @throws TypeError naming the option that is wrong; or when `register` has other metrics of the same names.
 * @example new ShopClient(target, credentials, { interceptors: [metricsClientInterceptor({ register })] })
 */
export function metricsClientInterceptor(options: MetricsOptions<ClientCallContext>): Interceptor {
  if (isListed(arguments)) return uncalled('metricsClientInterceptor', arguments);
  const settings = metricsSettings('metricsClientInterceptor', options);
  const meters = metersOf('client', settings).map((meter) => defineClientInterceptor('metrics', meter));
  const interceptor = meters.length === 1 ? meters[0]! : composeClientInterceptors(...meters);
  return described({ name: 'metrics', side: 'client', explain: () => settingsText(settings) }, interceptor);
}
