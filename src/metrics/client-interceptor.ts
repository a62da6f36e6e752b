import type { Interceptor } from '@grpc/grpc-js';
import { composeClientInterceptors } from '../core/compose.js';
import type { ClientCallContext } from '../core/context.js';
import { defineClientInterceptor } from '../core/define.js';
import { metersOf } from './meters.js';
import { metricsSettings, type MetricsOptions } from './options.js';

/**
 * Counts and times the calls that a client makes, as the application sees them; where it is listed after a retry
 * interceptor, the attempts, under names of their own.
 *
 * @throws TypeError naming the option that is wrong; or when `register` has other metrics of the same names.
 * @example new ShopClient(target, credentials, { interceptors: [metricsClientInterceptor({ register })] })
 */
export function metricsClientInterceptor(options: MetricsOptions<ClientCallContext>): Interceptor {
  const meters = metersOf('client', metricsSettings('metricsClientInterceptor', options));
  const [only, ...others] = meters.map((meter) => defineClientInterceptor('metrics', meter));
  return others.length === 0 ? only! : composeClientInterceptors(only!, ...others);
}
