import * as tracing from 'grpc-js-middleware/tracing';
import { wrong, wrongOptions, type WithoutOptions, type WrongCalls } from '../support/wrong.js';

const tracingRows = {
  tracerProvider: wrong.foreign,
  propagator: wrong.foreign,
  captureMetadata: [...wrong.list, [5], ['a b'], ['Authorization']],
  messageEvents: wrong.boolean,
  recordExceptions: wrong.boolean,
};

export const wrongCalls: WrongCalls = {
  tracingServerInterceptor: wrongOptions<tracing.TracingOptions>(
    'tracingServerInterceptor',
    tracing.tracingServerInterceptor,
    {},
    tracingRows,
  ),
  tracingClientInterceptor: wrongOptions<tracing.TracingOptions>(
    'tracingClientInterceptor',
    tracing.tracingClientInterceptor,
    {},
    tracingRows,
  ),
};

export const withoutOptions: WithoutOptions = {
  GrpcTraceBinPropagator: 'takes nothing',
};
