import type { Interceptor } from '@grpc/grpc-js';
import type { ClientCallContext } from '../core/context.js';
import { defineClientInterceptor } from '../core/define.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { MethodLog, type Side } from './call-log.js';
import { defaultClientLevel } from './levels.js';
import { loggingSettings, type LoggingOptions } from './options.js';

const CLIENT: Side = {
  component: 'client',
  level: defaultClientLevel,
  request: 'request sent',
  response: 'response received',
};

/**
 * The twin of {@link loggingServerInterceptor}: one line per outgoing call; listed after a retry interceptor, one per
 * attempt.
 *
 * @throws TypeError naming the option that is wrong.
 * @example new ShopClient(target, credentials, { interceptors: [loggingClientInterceptor({ logger })] })
 */
export function loggingClientInterceptor(options: LoggingOptions<ClientCallContext>): Interceptor {
  if (isListed(arguments)) return uncalled('loggingClientInterceptor', arguments);
  const settings = loggingSettings('loggingClientInterceptor', options);
  return defineClientInterceptor('logging', (method) => {
    const log = new MethodLog(settings, CLIENT, method);
    return (call) => log.begin(call);
  });
}
