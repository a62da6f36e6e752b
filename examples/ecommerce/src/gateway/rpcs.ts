import type { JsonValue } from '@bufbuild/protobuf';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { ValidationError } from 'grpc-js-middleware';
import type { PromiseCallOptions } from 'grpc-js-middleware/promises';
import type { ShopClients } from '../clients.js';
import { transcoderOf, type Transcoder } from './transcoder.js';

/** A method of a service, called with JSON and answering with JSON. */
export type Rpc =
  | { readonly streams: false; readonly call: (body: unknown, options: PromiseCallOptions) => Promise<JsonValue> }
  | {
      readonly streams: true;
      readonly call: (body: unknown, options: PromiseCallOptions) => AsyncGenerator<JsonValue>;
    };

/** As far as methods of all kinds look alike. */
type Method = (request: unknown, options: PromiseCallOptions) => Promise<unknown> & AsyncIterable<unknown>;
type AnyClient = Readonly<Record<string, Method>>;

/** Every RPC of the clients' services, by `package.Service/Method`. */
export function rpcsOf({ close: _close, ...clients }: ShopClients): ReadonlyMap<string, Rpc> {
  return new Map(Object.values(clients).flatMap((client) => [...rpcsOfClient(client as unknown as AnyClient)]));
}

function* rpcsOfClient(client: AnyClient): Generator<[string, Rpc]> {
  // grpc-js leaves the definition on the classes that it generates.
  const { service } = client.constructor as unknown as { readonly service: ServiceDefinition };
  for (const [key, definition] of Object.entries(service)) {
    const transcoder = transcoderOf(definition);
    const requestOf = definition.requestStream ? uploadOf : messageOf;
    const begin: Method = (body, options) => client[key]!(requestOf(transcoder, body), options);
    yield [
      definition.path.slice(1),
      definition.responseStream ? streaming(begin, transcoder) : single(begin, transcoder),
    ];
  }
}

function single(begin: Method, transcoder: Transcoder): Rpc {
  return { streams: false, call: async (body, options) => transcoder.toJson(await begin(body, options)) };
}

function streaming(begin: Method, transcoder: Transcoder): Rpc {
  return { streams: true, call: (body, options) => translated(begin(body, options), transcoder) };
}

async function* translated(messages: AsyncIterable<unknown>, transcoder: Transcoder): AsyncGenerator<JsonValue> {
  for await (const message of messages) yield transcoder.toJson(message);
}

function messageOf(transcoder: Transcoder, body: unknown): unknown {
  return transcoder.toRequest(body);
}

function uploadOf(transcoder: Transcoder, body: unknown): unknown[] {
  if (!Array.isArray(body)) throw new ValidationError('body', 'must be an array of messages');
  return body.map((each) => transcoder.toRequest(each));
}
