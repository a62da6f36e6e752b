import type { Metadata } from '@grpc/grpc-js';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { PeerCertificate } from 'node:tls';
import type { OutgoingStatus } from '../status/wire-status.js';

/**
 * The shapes of grpc-js that it does not export, as this library uses them, and all access to its private fields.
 * Whatever is private is optional here: where a version or a foreign interceptor hides it, callers infer instead.
 */
export interface GrpcServerCall {
  start(listener: GrpcServerListener): void;
  sendMetadata(metadata: Metadata): void;
  sendMessage(message: unknown, callback: () => void): void;
  sendStatus(status: OutgoingStatus): void;
  startRead(): void;
  getPeer(): string;
  getDeadline(): Date | number;
  getHost(): string;
  getAuthContext(): { transportSecurityType?: string; sslPeerCertificate?: PeerCertificate };
  getConnectionInfo(): { localAddress?: string; localPort?: number; remoteAddress?: string; remotePort?: number };
  getMetricsRecorder(): object;
}

/** What a layer of a server call hears from the wire's side. */
export interface GrpcServerListener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveHalfClose(): void;
  onCancel(): void;
}

/**
 * The call nearest the wire that can be reached from a layer. grpc-js's own sends every status through its `sendStatus`,
 * those that it invents included, so watching that one method shows exact ends.
 */
export function baseCallOf(call: GrpcServerCall): GrpcServerCall {
  let base = call as GrpcServerCall & { nextCall?: GrpcServerCall };
  while (typeof base.nextCall?.sendStatus === 'function') base = base.nextCall;
  return base;
}

/** Who called, as grpc-js writes it; undefined where a connection has no address, as a Unix socket's. */
export function peerOf({
  remoteAddress,
  remotePort,
}: ReturnType<GrpcServerCall['getConnectionInfo']>): string | undefined {
  return remotePort === undefined || remoteAddress === undefined ? remoteAddress : `${remoteAddress}:${remotePort}`;
}

/** The HTTP/2 stream under a base call, if it shows one. */
export function streamOf(base: GrpcServerCall): ServerHttp2Stream | undefined {
  return (base as { stream?: ServerHttp2Stream }).stream;
}

/** A chunk as large as this may take the client longer than it may take nothing: its connection's window is asked, too. */
const LARGE = 65_536;

/** A number that changes when the client takes something of what a call wrote. */
export function unsentBytes(base: GrpcServerCall): number {
  const stream = streamOf(base);
  if (stream === undefined || stream.destroyed) return 0;
  const unsent = stream.writableLength;
  return unsent < LARGE ? unsent : unsent + (stream.session?.state.remoteWindowSize ?? 0);
}

/** How long HTTP/2 has to close a stream that was reset, in milliseconds, before its connection is closed. */
const RESET_MS = 1_000;

/** Resets a stream whose client takes nothing; a connection on which that does not go through is closed. */
export function resetStream(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  const { session } = stream;
  const timer = setTimeout(() => session?.destroy(), RESET_MS);
  timer.unref();
  stream.once('close', () => clearTimeout(timer));
  stream.close(constants.NGHTTP2_CANCEL);
}

/**
 * Parts a stream that has closed from grpc-js's call, and so from all that belongs to the call. HTTP/2 keeps its streams in a
 * Map, and V8 chains the tables that a Map outgrows: from the first major collection on, each stream that was ever in it lives
 * until the next one, copied and promoted with whatever hangs on it. Without this, 3.6 KB of every call are, on bare grpc-js too.
 */
export function letGoWhenClosed(base: GrpcServerCall): void {
  streamOf(base)?.on('close', letGo);
}

function letGo(this: ServerHttp2Stream): void {
  for (const event of HEARD_BY_CALL) this.removeAllListeners(event);
}

/** What grpc-js's base call listens to; nothing of it can come after 'close'. */
const HEARD_BY_CALL = ['data', 'end', 'wantTrailers'];

/** Texts in which grpc-js before 1.14.7 sends an error's own message to the client. */
const LEAKING = /^(Error (?:deserializing request|serializing response|writing message)): /;

/** A status of grpc-js's own making without the message of whatever error caused it, which is not for the client. */
export function withoutCause(status: OutgoingStatus): OutgoingStatus {
  const told = typeof status.details === 'string' ? LEAKING.exec(status.details)?.[1] : undefined;
  return told === undefined || process.env['GRPC_NODE_DEBUG_SEND_ERROR_DETAILS'] === 'true'
    ? status
    : { ...status, details: told };
}
