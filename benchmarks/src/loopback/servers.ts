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

export const stack = (): ServerInterceptor[] => [
  metricsServerInterceptor({ register: new Registry() }),
  loggingServerInterceptor({ logger: countingLogger() }),
  errorServerInterceptor(),
  auth(),
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
  stack: () => serve(stack()),
  'stack + tracing': () => serve([...traced(), ...stack()]),
  tracing: () => serve(traced()),
  'stack + tracing + implement': () =>
    serve([...traced(), ...stack()], implement(EchoServiceService, promisedHandlers)),
};

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
