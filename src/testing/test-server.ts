import {
  Server,
  ServerCredentials,
  credentials,
  type ChannelCredentials,
  type ClientOptions,
  type Interceptor,
  type ServerInterceptor,
  type ServerOptions,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { optionsOf, type OptionChecker } from '../core/base/options.js';
import { checkSide } from '../core/side.js';
import { EchoServiceClient, EchoServiceService } from '../gen/grpc_js_middleware/testing/v1/echo.js';
import { implement } from '../promises/implement.js';
import { promiseClient } from '../promises/promise-client.js';
import type { PromiseClient } from '../promises/promise-client-types.js';
import { echoHandlers, type EchoHandlers } from './echo-handlers.js';
import { EventLog } from './event-log.js';
import { recordClientEvents, recordServerEvents } from './recorders.js';

/** What a {@link startTestServer} may be given. */
export interface TestServerOptions {
  /** The server's interceptors, outermost first. @default [] */
  readonly interceptors?: readonly ServerInterceptor[];
  /** The client's interceptors, outermost first. @default [] */
  readonly clientInterceptors?: readonly Interceptor[];
  /** Handlers, as `implement` takes them, in place of the Echo service's own. @default {} */
  readonly handlers?: Partial<EchoHandlers>;
  /** The Echo service in grpc-js's form, in place of `handlers`: plain `(call, callback)` handlers, say. @default none */
  readonly implementation?: UntypedServiceImplementation;
  /** Adds services of your own before the server listens. @default none */
  readonly addServices?: (server: Server) => void;
  /** Further options of grpc-js's server. @default {} */
  readonly serverOptions?: ServerOptions;
  /** Further options of grpc-js's client. @default {} */
  readonly clientOptions?: ClientOptions;
  /** What the server is secured with. @default ServerCredentials.createInsecure() */
  readonly serverCredentials?: ServerCredentials;
  /** What the client's channel is secured with. @default credentials.createInsecure() */
  readonly channelCredentials?: ChannelCredentials;
  /** Whether an outermost interceptor on either side fills `events`. @default true */
  readonly record?: boolean;
}

/** A server on loopback, a client of it, and what their calls went through. */
export interface TestServer {
  /** Promises and async iterables. */
  readonly client: PromiseClient<EchoServiceClient>;
  /** The same client as grpc-js has it. */
  readonly rawClient: EchoServiceClient;
  /** For further services, and for `forceShutdown`. */
  readonly server: Server;
  /** On 127.0.0.1. */
  readonly port: number;
  /** `127.0.0.1:` and the port. */
  readonly address: string;
  /** What happened, as the outermost place on either side saw it. */
  readonly events: EventLog;
  /** A further client with a channel of its own, closed together with the server. */
  connect(options?: ClientOptions): PromiseClient<EchoServiceClient>;
  /** Closes the clients and the server, whatever calls are running. */
  close(): Promise<void>;
  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const OPTIONS = [
  'interceptors',
  'clientInterceptors',
  'handlers',
  'implementation',
  'addServices',
  'serverOptions',
  'clientOptions',
  'serverCredentials',
  'channelCredentials',
  'record',
] as const;

/**
 * Starts an Echo service with one method of each call kind on a free port of 127.0.0.1, with your interceptors on both
 * sides, and a client of it.
 *
 * @throws TypeError for a wrong option.
 * @example
 * const { client, events, close } = await startTestServer({ interceptors: [myInterceptor] });
 * await client.echo(EchoRequest.create({ text: 'hello' }));
 * expect((await events.until({ side: 'server', hook: 'onEnd' })).code).toBe('OK');
 * await close();
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const check = optionsOf('startTestServer', options, OPTIONS);
  checkOptions(check, options);
  const record = check.boolean('record', true);
  const events = new EventLog();
  const server = makeServer(options, record ? [recordServerEvents(events)] : []);
  const port = await listen(server, options.serverCredentials ?? ServerCredentials.createInsecure());
  const address = `127.0.0.1:${port}`;
  const channelCredentials = options.channelCredentials ?? credentials.createInsecure();
  const clients: EchoServiceClient[] = [];
  const makeClient = (clientOptions: ClientOptions): EchoServiceClient => {
    const client = new EchoServiceClient(address, channelCredentials, clientOptions);
    clients.push(client);
    return client;
  };
  const rawClient = makeClient({
    ...options.clientOptions,
    interceptors: [...(record ? [recordClientEvents(events)] : []), ...(options.clientInterceptors ?? [])],
  });
  const close = async (): Promise<void> => {
    for (const each of clients) each.close();
    await stop(server);
  };
  return {
    client: promiseClient(rawClient),
    rawClient,
    server,
    port,
    address,
    events,
    connect: (clientOptions = {}) => promiseClient(makeClient(clientOptions)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkOptions(check: OptionChecker<TestServerOptions>, options: TestServerOptions): void {
  const isFunction = (each: unknown): boolean => typeof each === 'function';
  const { interceptors = [], clientInterceptors = [] } = options;
  check.list('interceptors', 'a list of server interceptors', isFunction, []);
  checkSide((index) => `startTestServer: interceptors[${index}]`, interceptors, 'server');
  check.list('clientInterceptors', 'a list of client interceptors', isFunction, []);
  checkSide((index) => `startTestServer: clientInterceptors[${index}]`, clientInterceptors, 'client');
  check.optionalObject('handlers', 'an object with a handler per method');
  check.optionalObject('implementation', 'an object with a handler per method');
  check.optionalFunction('addServices');
  check.optionalObject('serverOptions');
  check.optionalObject('clientOptions');
  check.optionalObject('serverCredentials', 'ServerCredentials');
  check.optionalObject('channelCredentials', 'ChannelCredentials');
  if (options.implementation === undefined || options.handlers === undefined) return;
  throw check.error('handlers', 'left out where an implementation is given', options.handlers);
}

function makeServer(options: TestServerOptions, recorders: readonly ServerInterceptor[]): Server {
  const { interceptors = [], serverOptions, implementation, handlers, addServices } = options;
  const server = new Server({ ...serverOptions, interceptors: [...recorders, ...interceptors] });
  server.addService(
    EchoServiceService,
    implementation ?? implement(EchoServiceService, { ...echoHandlers, ...handlers }),
  );
  addServices?.(server);
  return server;
}

function listen(server: Server, serverCredentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', serverCredentials, (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}

function stop(server: Server): Promise<void> {
  server.forceShutdown();
  // Says when the sockets are closed.
  return new Promise((resolve) => server.tryShutdown(() => resolve()));
}
