import type { Metadata, StatusObject } from '@grpc/grpc-js';
import type { Duplex } from 'node:stream';
import type { ServerCallContext } from '../core/context.js';

/** grpc-js's `call` argument, as all four kinds have it; the streams of it exist where the kind has streams. */
export interface SurfaceCall extends Duplex {
  readonly request: unknown;
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getPeer(): string;
  getPath(): string;
  getHost(): string;
  getDeadline(): Date | number;
  getMetricsRecorder(): object;
  sendMetadata(headers: Metadata): void;
}

/** grpc-js's callback of handlers with one response. */
export type Respond = (error: StatusObject | null, message?: unknown, trailers?: Metadata, flags?: number) => void;

/**
 * What those who run a handler need of its call beside what the handler sees. The core's `ServerCall` is one; a server
 * without any interceptor of ours gets a `BareCall`.
 */
export interface HandledCall extends ServerCallContext {
  /** A status was chosen, by whomever: nothing more can be sent. */
  readonly concluded: boolean;
  /** Set before a handler that awaits its messages is run: its scopes then need not be entered for each. */
  managed: boolean;
  /** What to send for what the handler threw: each `onError` may translate it, and the call's end remembers it. */
  fail(error: unknown): StatusObject;
  /** Remembers what was thrown too late to be sent. */
  noteError(error: unknown): void;
  /** A streaming handler has given everything: the call ends with OK when the client has taken it. */
  handlerDone(): void;
  /** The handler was stopped, and has returned. */
  handlerSettled(): void;
  /** Calls once when anything but the handler concludes the call. */
  onConclude(listener: () => void): void;
}
