// nice-grpc with its own tracing and metrics, and a logging, an error and a token middleware in its style.
import { createServer, ServerError, Status, type ServerMiddleware } from 'nice-grpc';
import { openTelemetryServerMiddleware } from 'nice-grpc-opentelemetry';
import { prometheusServerMiddleware } from 'nice-grpc-prometheus';
import { EchoServiceService } from 'grpc-js-middleware/testing';
import { countingLogger } from '../features/logger.js';
import { registerSdk } from '../features/sdk.js';
import { verify } from './work.js';
import { promisedHandlers } from '../loopback/handlers.js';

export function niceServer(): Promise<number> {
  registerSdk();
  const logger = countingLogger();

  const logging: ServerMiddleware = async function* (call, context) {
    const from = performance.now();
    let code = Status.OK;
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      code = error instanceof ServerError ? error.code : Status.UNKNOWN;
      throw error;
    } finally {
      const durationMs = performance.now() - from;
      logger.info({ method: call.method.path, code: Status[code], durationMs, peer: context.peer }, 'call finished');
    }
  };

  const errors: ServerMiddleware = async function* (call, context) {
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      if (error instanceof ServerError) throw error;
      throw new ServerError(Status.INTERNAL, 'Internal error');
    }
  };

  const authentication: ServerMiddleware = async function* (call, context) {
    try {
      await verify(context.metadata.get('authorization'));
    } catch {
      throw new ServerError(Status.UNAUTHENTICATED, 'invalid token');
    }
    return yield* call.next(call.request, context);
  };

  const server = createServer()
    .use(openTelemetryServerMiddleware())
    .use(prometheusServerMiddleware())
    .use(logging)
    .use(errors)
    .use(authentication);
  server.add(EchoServiceService, promisedHandlers as never);
  return server.listen('127.0.0.1:0');
}

export const bareNiceServer = (): Promise<number> => {
  const server = createServer();
  server.add(EchoServiceService, promisedHandlers as never);
  return server.listen('127.0.0.1:0');
};
