import { status } from '@grpc/grpc-js';
import * as testing from 'grpc-js-middleware/testing';
import { wrong, wrongArgument, wrongOptions, type WithoutOptions, type WrongCalls } from '../support/wrong.js';

export const wrongCalls: WrongCalls = {
  startTestServer: [
    ...wrongOptions<testing.TestServerOptions>(
      'startTestServer',
      testing.startTestServer,
      {},
      {
        interceptors: [...wrong.list, [5]],
        clientInterceptors: [...wrong.list, [5]],
        handlers: wrong.object,
        implementation: wrong.object,
        addServices: wrong.function,
        serverOptions: wrong.object,
        clientOptions: wrong.object,
        serverCredentials: wrong.object,
        channelCredentials: wrong.object,
        record: wrong.boolean,
      },
    ),
    ...wrongArgument('startTestServer: handlers', [{}], (handlers) =>
      testing.startTestServer({ handlers, implementation: {} }),
    ),
  ],
  injectFaults: wrongOptions<testing.FaultOptions>(
    'injectFaults',
    testing.injectFaults,
    { code: status.ABORTED },
    {
      probability: wrong.share,
      code: [undefined, null, 0, 17, 1.5, 'ABORT', 'OK'],
      delayMs: wrong.timeOrZero,
      methods: wrong.match,
      random: wrong.function,
    },
  ),
  recordServerEvents: wrongArgument('recordServerEvents: events', wrong.foreign, (events) =>
    testing.recordServerEvents(events),
  ),
  recordClientEvents: wrongArgument('recordClientEvents: events', wrong.foreign, (events) =>
    testing.recordClientEvents(events),
  ),
  EventLog: wrongOptions<testing.UntilOptions>(
    'EventLog.until',
    (options) => new testing.EventLog().until({}, options),
    {},
    { nth: wrong.count, timeoutMs: wrong.time },
  ),
};

export const withoutOptions: WithoutOptions = {
  collect: 'takes an iterable',
  EchoRequest: 'is generated',
  EchoResponse: 'is generated',
  EchoServiceClient: 'is generated',
  EchoServiceService: 'is generated',
};
