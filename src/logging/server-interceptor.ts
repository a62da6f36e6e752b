import type { ServerInterceptor } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { MethodLog, type Side } from './call-log.js';
import { defaultServerLevel } from './levels.js';
import { loggingSettings, type LoggingOptions } from './options.js';

const SERVER: Side = {
  component: 'server',
  level: defaultServerLevel,
  request: 'request received',
  response: 'response sent',
};

/**
 * One line per call, written at its end, whatever the end: answered, refused, thrown, cancelled, expired, undecodable.
 * Its fields are named as go-grpc-middleware names them: `grpc.service`, `grpc.method`, `grpc.code`, `grpc.time_ms`.
 *
 * @throws TypeError naming the option that is wrong.
 * @example new Server({ interceptors: [loggingServerInterceptor({ logger: pino() })] })
 */
export function loggingServerInterceptor(options: LoggingOptions<ServerCallContext>): ServerInterceptor {
  if (isListed(arguments)) return uncalled('loggingServerInterceptor', arguments);
  const settings = loggingSettings('loggingServerInterceptor', options);
  return defineServerInterceptor('logging', (method) => {
    const log = new MethodLog(settings, SERVER, method);
    return (call) => log.begin(call);
  });
}
