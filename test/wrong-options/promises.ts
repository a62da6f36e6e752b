import * as promises from 'grpc-js-middleware/promises';
import * as testing from 'grpc-js-middleware/testing';
import { wrong, wrongArgument, type WrongCalls } from '../support/wrong.js';

const service = testing.EchoServiceService;
const handlersOf = (definition: object): object =>
  Object.fromEntries(Object.keys(definition).map((key) => [key, () => undefined]));

export const wrongCalls: WrongCalls = {
  implement: [
    ...wrongArgument('implement: service', wrong.object, (each) => promises.implement(each, {} as never)),
    ...wrongArgument('implement: handlers', wrong.object, (handlers) => promises.implement(service, handlers)),
    ...wrongArgument('implement: handlers.echo', wrong.function, (echo) =>
      promises.implement(service, { ...handlersOf(service), echo } as never),
    ),
  ],
  guardHandlers: wrongArgument('guardHandlers: implementation', wrong.object, promises.guardHandlers),
  promiseClient: wrongArgument('promiseClient: client', wrong.foreign, promises.promiseClient),
};
