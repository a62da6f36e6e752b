import type { Metadata, StatusObject, status } from '@grpc/grpc-js';
import type { StatusError } from './status/status-error.js';

/** How a call ended. Every interceptor whose part of the call began is told exactly once. */
export interface CallEnd {
  /** Server: what the client was sent, or CANCELLED. Client: what the application was given. */
  readonly code: status;
  /** The text beside the code. */
  readonly details: string;
  /** From the call's arrival (client: its start) to its end, in milliseconds. */
  readonly durationMs: number;
  /** Messages received. */
  readonly received: number;
  /** Messages sent. */
  readonly sent: number;
  /** What was thrown, if anything; it never travels. */
  readonly error?: unknown;
  /** Who chose this end. */
  readonly origin: EndOrigin;
}

/**
 * Who chose the end. Server: `handler`; client: `peer` in its place. `interceptor`: refused or ended by a hook.
 * `deadline`: expired here. `cancelled`: by the client, or its connection is gone. `transport`: grpc-js itself, for a
 * message that could not be read, written or was too large (client: and for connections).
 */
export type EndOrigin = 'handler' | 'peer' | 'interceptor' | 'deadline' | 'cancelled' | 'transport';

/** What an interceptor does for one call on the server; each hook is optional. */
export interface ServerHooks {
  /** Before the handler sees anything. May wait; throw (or reject) to refuse. */
  admit?(): void | Promise<void>;
  /** Wraps everything that runs user code; must call `run` once and return what it returns. */
  scope?<T>(run: () => T): T;
  /** Each request message. Return a replacement or undefined, or a promise of one; throw to refuse. */
  onRequest?(message: unknown): unknown;
  /** The response headers, before the first `onResponse`. */
  onHeaders?(headers: Metadata): void;
  /** Each response message. Return a replacement or undefined, or a promise of one; throw to end the call. */
  onResponse?(message: unknown): unknown;
  /** What a handler or an inner interceptor threw; return what to send instead. */
  onError?(error: unknown): StatusError | void;
  /** The status on its way out, inner interceptors first; return a replacement or nothing. Not for statuses that grpc-js itself invents: `onEnd` sees those. */
  onStatus?(status: StatusObject): StatusObject | void;
  /** Exactly once, whatever happened. */
  onEnd?(end: CallEnd): void;
}

/** What an interceptor does for one call on the client; each hook is optional. */
export interface ClientHooks {
  /** Before anything is sent. May wait; throw (or reject) to fail the call without sending it. */
  admit?(): void | Promise<void>;
  /** Each request message. Return a replacement or undefined, or a promise of one; throw to fail the call. */
  onRequest?(message: unknown): unknown;
  /** The response headers. */
  onHeaders?(headers: Metadata): void;
  /** Each response message. Return a replacement or undefined, or a promise of one; throw to fail the call. */
  onResponse?(message: unknown): unknown;
  /** The status on its way to the application, inner interceptors first; return a replacement or nothing. */
  onStatus?(status: StatusObject): StatusObject | void;
  /** Exactly once, whatever happened. */
  onEnd?(end: CallEnd): void;
}
