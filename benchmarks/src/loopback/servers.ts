import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { defineServerInterceptor, errorServerInterceptor, implement } from 'grpc-js-middleware';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { metricsServerInterceptor } from 'grpc-js-middleware/metrics';
import { EchoServiceService } from 'grpc-js-middleware/testing';
import { tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import { Registry } from 'prom-client';
import { countingLogger } from '../features/logger.js';
import { registerSdk } from '../features/sdk.js';
import { auth } from '../features/token.js';
import { plainHandlers, promisedHandlers } from './handlers.js';

/** Starts each server and answers its port. */
export type Servers = Readonly<Record<string, () => Promise<number>>>;

const native: ServerInterceptor = (_descriptor, call) => new ServerInterceptingCall(call);
const noop = (index: number): ServerInterceptor =>
  defineServerInterceptor(`noop-${index}`, () => () => ({
    admit() {},
    onRequest() {},
    onResponse() {},
    onError() {},
    onStatus() {},
    onEnd() {},
  }));
const ten = <T>(make: (index: number) => T): T[] => Array.from({ length: 10 }, (_, index) => make(index));

const metrics = (): ServerInterceptor => metricsServerInterceptor({ register: new Registry() });
const guards = (): ServerInterceptor[] => [errorServerInterceptor(), auth()];

export const stack = (): ServerInterceptor[] => [
  metrics(),
  loggingServerInterceptor({ logger: countingLogger() }),
  ...guards(),
];

export function traced(): ServerInterceptor[] {
  registerSdk();
  return [tracingServerInterceptor()];
}

export const servers: Servers = {
  bare: () => serve([]),
  empty: () => serve([defineServerInterceptor('empty', () => () => ({}))]),
  'ten native': () => serve(ten(() => native)),
  ten: () => serve(ten(noop)),
  'bare with log': () => serve([], { ...plainHandlers, echo: loggingEcho() }),
  'stack without log': () => serve([metrics(), ...guards()]),
  stack: () => serve(stack()),
  'stack + tracing': () => serve([...traced(), ...stack()]),
  tracing: () => serve(traced()),
  'stack + tracing + implement': () =>
    serve([...traced(), ...stack()], implement(EchoServiceService, promisedHandlers)),
};

/** A handler that writes what the interceptor would: what its line costs by itself. */
function loggingEcho(): typeof plainHandlers.echo {
  const logger = countingLogger();
  return (call, respond) => {
    const startedAt = Date.now();
    plainHandlers.echo(call, respond);
    logger.info(
      {
        protocol: 'grpc',
        'grpc.component': 'server',
        'grpc.service': 'grpc_js_middleware.testing.v1.EchoService',
        'grpc.method': 'Echo',
        'grpc.method_type': 'unary',
        'grpc.start_time': new Date(startedAt).toISOString(),
        'peer.address': call.getPeer(),
        'grpc.code': 'OK',
        'grpc.time_ms': Date.now() - startedAt,
        'grpc.end_origin': 'handler',
        'grpc.messages_received': 1,
        'grpc.messages_sent': 1,
      },
      'finished call',
    );
  };
}

/** A server of the Echo service on a free port of 127.0.0.1. */
export function serve(
  interceptors: readonly ServerInterceptor[],
  implementation: UntypedServiceImplementation = plainHandlers,
): Promise<number> {
  const server = new Server({ interceptors: [...interceptors] });
  server.addService(EchoServiceService, implementation);
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}
