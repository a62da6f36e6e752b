import type { CallOptions, Client, ClientUnaryCall, Metadata } from '@grpc/grpc-js';
import type { Messages } from './handlers.js';

/** What a call of a {@link PromiseClient} may be given, beside grpc-js's own call options. */
export interface PromiseCallOptions extends CallOptions {
  /** Cancels the call when it aborts; the error's `cause` is then the signal's reason. @default none */
  readonly signal?: AbortSignal;
  /**
   * Ends the call with DEADLINE_EXCEEDED after so many milliseconds; with `deadline`, the earlier of both counts.
   *
   * @default none: the call may take as long as it likes
   */
  readonly timeoutMs?: number;
  /** Headers to send. @default none */
  readonly metadata?: Metadata;
  /** Told the response headers, before the first message. */
  readonly onHeaders?: (headers: Metadata) => void;
  /** Told the trailers, of failed calls too, before the call's promise settles or its stream ends. */
  readonly onTrailers?: (trailers: Metadata) => void;
}

/** One request, one response. */
export type UnaryMethod<Req, Res> = (request: Req, options?: PromiseCallOptions) => Promise<Res>;

/** One request, a stream of responses. */
export type ServerStreamMethod<Req, Res> = (request: Req, options?: PromiseCallOptions) => AsyncIterableIterator<Res>;

/** A stream of requests, one response. */
export type ClientStreamMethod<Req, Res> = (requests: Messages<Req>, options?: PromiseCallOptions) => Promise<Res>;

/** Streams both ways. */
export type BidiStreamMethod<Req, Res> = (
  requests: Messages<Req>,
  options?: PromiseCallOptions,
) => AsyncIterableIterator<Res>;

/** A method of a client without types, as `loadPackageDefinition` makes it: its kind shows at run time only. */
export type UntypedMethod = (
  request: unknown,
  options?: PromiseCallOptions,
) => Promise<unknown> & AsyncIterableIterator<unknown>;

/** A grpc-js client whose methods return promises and async iterables; what it has beside its methods stays as it is. */
export type PromiseClient<C> = {
  readonly [K in keyof C]: K extends keyof Client ? C[K] : PromiseMethod<C[K]>;
};

/** Of an overloaded method TypeScript infers from the last signature: ts-proto's longest, proto-loader's shortest. */
type PromiseMethod<M> = M extends (...args: infer Args) => infer Call
  ? Call extends { readonly serialize: (message: infer Req) => Buffer }
    ? Call extends { readonly deserialize: (bytes: Buffer) => infer Res }
      ? BidiStreamMethod<Req, Res>
      : ClientStreamMethod<Req, AnswerOf<Args>>
    : Call extends { readonly deserialize: (bytes: Buffer) => infer Res }
      ? ServerStreamMethod<Args[0], Res>
      : Call extends ClientUnaryCall
        ? UnaryMethod<Args[0], AnswerOf<Args>>
        : M
  : UntypedMethod;

/** The response that a method's callback, its last argument, is given. */
type AnswerOf<Args extends readonly unknown[]> = Args extends readonly [...unknown[], infer Callback]
  ? Callback extends (error: never, response: infer Res) => unknown
    ? Exclude<Res, undefined>
    : unknown
  : unknown;
