import { type ServerInterceptor } from '@grpc/grpc-js';
import * as root from 'grpc-js-middleware';
import { wrong, wrongArgument, type WithoutOptions, type WrongCalls } from '../support/wrong.js';

const interceptor: ServerInterceptor = (_descriptor, call) => call as never;

const notForServers = [...wrong.function, root.errorClientInterceptor(), root.errorServerInterceptor];
const notForClients = [...wrong.function, root.errorServerInterceptor(), root.errorClientInterceptor];

export const wrongCalls: WrongCalls = {
  defineServerInterceptor: [
    ...wrongArgument('defineServerInterceptor: name', wrong.text, (name) =>
      root.defineServerInterceptor(name, () => {}),
    ),
    ...wrongArgument('defineServerInterceptor: define', wrong.function, (f) => root.defineServerInterceptor('a', f)),
  ],
  defineClientInterceptor: [
    ...wrongArgument('defineClientInterceptor: name', wrong.text, (name) =>
      root.defineClientInterceptor(name, () => {}),
    ),
    ...wrongArgument('defineClientInterceptor: define', wrong.function, (f) => root.defineClientInterceptor('a', f)),
  ],
  contextKey: wrongArgument('contextKey: name', wrong.text, (name) => root.contextKey(name, 0)),
  composeServerInterceptors: wrongArgument('composeServerInterceptors: interceptor 2', notForServers, (each) =>
    root.composeServerInterceptors(interceptor, each),
  ),
  composeClientInterceptors: wrongArgument('composeClientInterceptors: interceptor 1', notForClients, (each) =>
    root.composeClientInterceptors(each),
  ),
  keepInterceptors: wrongArgument('keepInterceptors: interceptor 1', notForClients, (each) =>
    root.keepInterceptors(each),
  ),
  forMethods: [
    ...wrongArgument('forMethods: match', wrong.match, (match) => root.forMethods(match, interceptor)),
    ...wrongArgument('forMethods: interceptor 1', [...wrong.function, root.errorServerInterceptor], (each) =>
      root.forMethods('*', each),
    ),
  ],
  exceptMethods: [
    ...wrongArgument('exceptMethods: match', wrong.match, (match) => root.exceptMethods(match, interceptor)),
    ...wrongArgument('exceptMethods: interceptor 1', [...wrong.function, root.errorServerInterceptor], (each) =>
      root.exceptMethods('*', each),
    ),
  ],
  assertServer: [
    ...wrongArgument('assertServer: interceptors', wrong.list, (list) => root.assertServer([], list)),
    ...wrongArgument('assertServer: interceptor 1', wrong.function, (each) => root.assertServer([], [each])),
    ...wrongArgument('assertServer: definitions', [...wrong.list, [1], [{ Get: {} }]], (list) =>
      root.assertServer(list, []),
    ),
  ],
  describeServer: [
    ...wrongArgument('describeServer: interceptors', wrong.list, (list) => root.describeServer(list, [])),
    ...wrongArgument('describeServer: interceptor 1', wrong.function, (each) => root.describeServer([each], [])),
    ...wrongArgument('describeServer: definitions', [...wrong.list, [1], [{ Get: {} }]], (list) =>
      root.describeServer([], list),
    ),
  ],
  describeClient: [
    ...wrongArgument('describeClient: interceptors', wrong.list, (list) => root.describeClient(list)),
    ...wrongArgument('describeClient: interceptor 1', wrong.function, (each) => root.describeClient([each])),
    ...wrongArgument('describeClient: channelOptions', wrong.object, (options) => root.describeClient([], options)),
  ],
};

export const withoutOptions: WithoutOptions = {
  StatusError: 'is made where an error is handled, and so never throws',
  isStatusError: 'takes anything',
  findDetail: 'takes anything',
  errorDetail: 'writes down what it is given, where an error is handled',
  statusName: 'takes any number',
  callContext: 'takes a call',
  currentCall: 'takes nothing',
  tryCurrentCall: 'takes nothing',
};
