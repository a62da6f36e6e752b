// On the server: handlers that return promises or are async generators.
export { implement } from './implement.js';
export type {
  BidiStreamHandler,
  ClientStreamHandler,
  LooseHandler,
  Messages,
  RequestOf,
  ResponseOf,
  ServerStreamHandler,
  ServiceHandlers,
  UnaryHandler,
} from './handlers.js';

// On the server: plain (call, callback) handlers, made safe.
export { guardHandlers } from './guard-handlers.js';

// On the client.
export { promiseClient } from './promise-client.js';
export type {
  BidiStreamMethod,
  ClientStreamMethod,
  PromiseCallOptions,
  PromiseClient,
  ServerStreamMethod,
  UnaryMethod,
  UntypedMethod,
} from './promise-client-types.js';
