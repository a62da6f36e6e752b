import type { ServerCallContext } from '../core/context.js';

/** What may be handed over as a stream of messages; a slow reader slows it down. */
export type Messages<T> = AsyncIterable<T> | Iterable<T>;

/** Handles a call with one request and one response. */
export type UnaryHandler<Req, Res> = (request: Req, call: ServerCallContext) => Promise<Res> | Res;

/** Handles a call with one request and a stream of responses: an async generator, or anything that can be iterated. */
export type ServerStreamHandler<Req, Res> = (
  request: Req,
  call: ServerCallContext,
) => Messages<Res> | Promise<Messages<Res>>;

/** Handles a call with a stream of requests and one response. */
export type ClientStreamHandler<Req, Res> = (
  requests: AsyncIterable<Req>,
  call: ServerCallContext,
) => Promise<Res> | Res;

/** Handles a call with streams both ways. */
export type BidiStreamHandler<Req, Res> = (
  requests: AsyncIterable<Req>,
  call: ServerCallContext,
) => Messages<Res> | Promise<Messages<Res>>;

/**
 * A handler of a method whose kind the types do not tell (proto-loader's say `requestStream: boolean`): what it is
 * given can be used as either form, and the kind is known when the service is loaded.
 */
export type LooseHandler<Req, Res> = (
  request: Req & AsyncIterable<Req>,
  call: ServerCallContext,
) => Promise<Res> | Res | Messages<Res> | Promise<Messages<Res>>;

/**
 * The handlers of a service. Of a definition with literal types (ts-proto's, grpc-tools') every method must be there;
 * of others each key may also be given in its camelCase, and a missing one is found when the server is put together.
 */
export type ServiceHandlers<S> = Flat<KnownHandlers<S> & LooseHandlers<S>>;

type KnownHandlers<S> = {
  readonly [K in keyof S as HasKind<S[K]> extends true ? K : never]: KnownHandler<S[K]>;
};

type LooseHandlers<S> = {
  readonly [K in keyof S as HasKind<S[K]> extends true ? never : EitherCase<K>]?: LooseHandler<
    RequestOf<S[K]>,
    ResponseOf<S[K]>
  >;
};

/** One type of two: of an intersection TypeScript does not find the types of a handler's parameters. */
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** The request message that a method's handler is given. */
export type RequestOf<D> = D extends { readonly requestDeserialize: (bytes: Buffer) => infer Req } ? Req : never;

/** The response message that a method's handler answers with. */
export type ResponseOf<D> = D extends { readonly responseSerialize: (message: infer Res) => Buffer } ? Res : never;

type EitherCase<K> = K extends string ? K | Uncapitalize<K> : K;

type HasKind<D> = D extends { readonly requestStream: infer In; readonly responseStream: infer Out }
  ? boolean extends In
    ? false
    : boolean extends Out
      ? false
      : true
  : false;

type KnownHandler<D> = D extends { readonly requestStream: infer In; readonly responseStream: infer Out }
  ? In extends true
    ? Out extends true
      ? BidiStreamHandler<RequestOf<D>, ResponseOf<D>>
      : ClientStreamHandler<RequestOf<D>, ResponseOf<D>>
    : Out extends true
      ? ServerStreamHandler<RequestOf<D>, ResponseOf<D>>
      : UnaryHandler<RequestOf<D>, ResponseOf<D>>
  : never;
