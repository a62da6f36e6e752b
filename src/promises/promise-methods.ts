import type {
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  ClientWritableStream,
  ServiceError,
} from '@grpc/grpc-js';
import type { CallKind } from '../core/method.js';
import type { PromiseCallOptions } from './promise-client-types.js';
import { checkCallArguments } from './call-arguments.js';
import { Responses } from './responses.js';
import { checkRequests, sendRequests } from './send-requests.js';
import { WatchedCall } from './watched-call.js';

type Answered = (error: ServiceError | null, message?: unknown) => void;
type PromiseMethod = (request: unknown, options?: PromiseCallOptions, more?: unknown) => unknown;

/** A client of which a method is called by its name. */
export type MethodsOf<C extends Client> = C & Record<string, (...args: unknown[]) => unknown>;

/**
 * The promise form of a method of each kind. Few functions stand between the caller and grpc-js, which shows ten lines
 * of stack with an error.
 */
export const promiseMethods: Readonly<Record<CallKind, (client: MethodsOf<Client>, key: string) => PromiseMethod>> = {
  unary:
    (client, key) =>
    (request, options = {}, more) =>
      new Promise((resolve, reject) => {
        checkCallArguments(options, more);
        const watched = new WatchedCall<ClientUnaryCall>(options, reject);
        const answered = settle(watched, resolve, reject);
        watched.start(client, (metadata, rest) => client[key]!(request, metadata, rest, answered) as ClientUnaryCall);
      }),

  client_stream:
    (client, key) =>
    (requests, options = {}, more) =>
      new Promise((resolve, reject) => {
        checkCallArguments(options, more);
        const watched = new WatchedCall<ClientWritableStream<unknown>>(options, reject);
        const answered = settle(watched, resolve, reject);
        const source = checkRequests(requests);
        const call = watched.start(
          client,
          (metadata, rest) => client[key]!(metadata, rest, answered) as ClientWritableStream<unknown>,
        );
        sendRequests(source, call, watched);
      }),

  server_stream:
    (client, key) =>
    (request, options = {}, more) => {
      checkCallArguments(options, more);
      const responses = new Responses(options);
      responses.start(
        client,
        (metadata, rest) => client[key]!(request, metadata, rest) as ClientReadableStream<unknown>,
      );
      return responses;
    },

  bidi_stream:
    (client, key) =>
    (requests, options = {}, more) => {
      checkCallArguments(options, more);
      const responses = new Responses<ClientDuplexStream<unknown, unknown>>(options);
      const source = checkRequests(requests);
      const call = responses.start(
        client,
        (metadata, rest) => client[key]!(metadata, rest) as ClientDuplexStream<unknown, unknown>,
      );
      if (call !== undefined) sendRequests(source, call, responses.watched);
      return responses;
    },
};

function settle(
  watched: WatchedCall<ClientUnaryCall>,
  resolve: (message: unknown) => void,
  reject: (error: unknown) => void,
): Answered {
  return (error, message) => {
    if (error !== null) watched.fail(error);
    watched.afterTrailers(() => (watched.error === undefined ? resolve(message) : reject(watched.error)));
  };
}
