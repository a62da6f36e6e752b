import { createRequire } from 'node:module';
import { tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import { errorServerInterceptor } from 'grpc-js-middleware';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { metricsServerInterceptor } from 'grpc-js-middleware/metrics';
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import { Registry } from 'prom-client';
import { countingLogger } from '../features/logger.js';
import { registerSdk } from '../features/sdk.js';
import { auth } from '../features/token.js';
import { plainHandlers } from '../loopback/handlers.js';
import { serve, stack, traced, type Servers } from '../loopback/servers.js';

/** The library's own stack again, and what others offer for the same work. */
export const servers: Servers = {
  ours: () => serve([...traced(), ...stack()]),
  'ours, verifying each token': () =>
    serve([
      ...traced(),
      metricsServerInterceptor({ register: new Registry() }),
      loggingServerInterceptor({ logger: countingLogger() }),
      errorServerInterceptor(),
      auth(false),
    ]),
  'our tracing': () => {
    registerSdk();
    return serve([tracingServerInterceptor()]);
  },
  obvious: async () => serve((await import('./obvious.js')).obviousInterceptors()),
  'nice-grpc': async () => (await import('./nice.js')).niceServer(),
  'nice-grpc, bare': async () => (await import('./nice.js')).bareNiceServer(),
  'connect-node': async () => (await import('./connect.js')).connectServer(),
  'connect-node, bare': async () => (await import('./connect.js')).bareConnectServer(),
  'instrumentation-grpc': instrumented,
};

/** Wraps what `addService` registers, so it has to be there first. */
function instrumented(): Promise<number> {
  registerSdk();
  new GrpcInstrumentation().enable();
  createRequire(import.meta.url)('@grpc/grpc-js');
  return serve([], plainHandlers);
}
