import { isRecentCall } from './base/grpc-js-copy.js';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallOptions, Metadata } from '@grpc/grpc-js';
import type { PeerCertificate } from 'node:tls';
import { processWide, type ContextKey } from './context-key.js';
import type { Method } from './method.js';
import type { StatusError } from './status/status-error.js';

/** What is known of one call, on either side. All interceptors of a call, and its handler, see the same one. */
export interface CallContext {
  /** Which method is called: path, service, name and kind. */
  readonly method: Method;
  /** Server: as received. Client: a copy of the caller's, as it will be sent. */
  readonly metadata: Metadata;
  /** Address and port of the other end, or `'unknown'` while there is no connection. */
  readonly peer: string;
  /** Epoch ms; `Infinity` when there is none. */
  readonly deadline: number;
  /** Moves the deadline earlier, never later. Client: until `admit` settles. */
  limitDeadline(epochMs: number): void;
  /** Aborts when the call is cancelled or its deadline passes (the reason is a {@link StatusError}), never on success. */
  readonly signal: AbortSignal;
  /** Epoch ms. */
  readonly startedAt: number;
  /** The value under a key, or the key's default. */
  get<T>(key: ContextKey<T>): T;
  /** Leaves a value under a key, for everyone who sees this call. */
  set<T>(key: ContextKey<T>, value: T): void;
}

/** What is known of one call on the server. */
export interface ServerCallContext extends CallContext {
  /** The `:authority` that the client asked for. */
  readonly authority: string;
  /** How often the client has tried before, from `grpc-previous-rpc-attempts` (gRFC A6); 0 for a first attempt. */
  readonly previousAttempts: number;
  /** The client's certificate, only when TLS verified it. Read once per connection, since reading costs 100 µs and more. */
  readonly peerCertificate: PeerCertificate | undefined;
  /**
   * Headers to send with the first message, or with an OK that has none. Dropped on errors, so that an error stays
   * Trailers-Only and the client may retry it (gRFC A6).
   */
  readonly responseHeaders: Metadata;
  /** Trailers to send with every status that a handler or an interceptor chose. */
  readonly responseTrailers: Metadata;
  /** Sends the headers now, for streams that open quietly. */
  sendHeaders(): void;
  /** Ends the call with this error, from anywhere; the first end wins. */
  end(error: StatusError): void;
}

/** What is known of one call on the client: of one attempt, where a retry interceptor stands further out. */
export interface ClientCallContext extends CallContext {
  /** 1, 2, … */
  readonly attempt: number;
  /** The channel's target, such as `dns:///shop.example:443`. */
  readonly target: string;
  /** Changeable until `admit` settles. */
  readonly options: CallOptions;
}

/** The server call that the present code works for; all copies of this library share it. @internal */
export const callStorage = processWide('current-call', () => new AsyncLocalStorage<ServerCallContext | undefined>());

/** The property under which a grpc-js call's metrics recorder, one per call, carries our context. @internal */
export const contextSymbol = Symbol.for('grpc-js-middleware/context@1');

/**
 * The call that the present code works for: inside a handler, or anything it awaits.
 *
 * @throws Error elsewhere; use {@link tryCurrentCall} where there may be none.
 */
export function currentCall(): ServerCallContext {
  const call = callStorage.getStore();
  if (call === undefined) {
    throw new Error(
      'currentCall() was used outside a call: only a handler, and what it awaits, has one, and only on a server that lists an interceptor of grpc-js-middleware',
    );
  }
  return call;
}

/** As {@link currentCall}, but `undefined` elsewhere. */
export function tryCurrentCall(): ServerCallContext | undefined {
  return callStorage.getStore();
}

/** The `call` argument of any grpc-js handler, of which this much is needed. */
export interface HandlerCall {
  /** grpc-js's own: the object on which the context of a call is found. */
  getMetricsRecorder(): object;
}

/**
 * The context of the `call` argument of any grpc-js handler.
 *
 * @throws Error when the server lists no interceptor of this library.
 */
export function callContext(call: HandlerCall): ServerCallContext {
  const context = tryCallContext(call);
  if (context === undefined) {
    throw new Error(
      'callContext() found no context: the server that serves this call lists no interceptor of grpc-js-middleware',
    );
  }
  return context;
}

/** As {@link callContext}, but `undefined` when there is none. @internal */
export function tryCallContext(call: HandlerCall): ServerCallContext | undefined {
  // A server of an older grpc-js, a second copy, has none.
  const recorder = isRecentCall(call) ? call.getMetricsRecorder() : undefined;
  return (recorder as { [contextSymbol]?: ServerCallContext } | undefined)?.[contextSymbol];
}
