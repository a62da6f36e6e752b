import type * as root from 'grpc-js-middleware';
import * as logging from 'grpc-js-middleware/logging';
import { wrong, wrongArgument, wrongOptions, type WithoutOptions, type WrongCalls } from '../support/wrong.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const loggingRows = {
  logger: [undefined, ...wrong.foreign],
  events: [...wrong.list, ['finish']],
  level: wrong.function,
  fields: wrong.function,
  redact: [...wrong.list, [''], ['a..b']],
  sample: wrong.function,
  metadata: [null, 'x', 1, [1], ['']],
  maxPreviewLength: [...wrong.atLeastZero, 1e9],
};

export const wrongCalls: WrongCalls = {
  loggingServerInterceptor: wrongOptions<logging.LoggingOptions<root.ServerCallContext>>(
    'loggingServerInterceptor',
    logging.loggingServerInterceptor,
    { logger },
    loggingRows,
  ),
  loggingClientInterceptor: wrongOptions<logging.LoggingOptions<root.ClientCallContext>>(
    'loggingClientInterceptor',
    logging.loggingClientInterceptor,
    { logger },
    loggingRows,
  ),
  failuresAndOneIn: wrongArgument('failuresAndOneIn: n', [undefined, ...wrong.count], logging.failuresAndOneIn),
};

export const withoutOptions: WithoutOptions = {
  addLogFields: 'is called while a call runs, and never breaks it',
  defaultServerLevel: 'takes any number',
  defaultClientLevel: 'takes any number',
};
