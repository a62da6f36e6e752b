import { Client, ServerInterceptingCall } from '@grpc/grpc-js';
import Module from 'node:module';

// An older grpc-js, or a second copy of it, shows late and far away: a server that dies at its first call, a client whose calls
// are 'Incorrect arguments passed'.

/** The lowest version that works; the peer dependency says the same. */
const LOWEST = '1.14.5';

const HOW_TO_FIND = '`npm ls @grpc/grpc-js` shows who brings it';

/** Whether a server's call is of a grpc-js that has what is needed here. */
export function isRecentCall(call: unknown): boolean {
  return typeof (call as { getMetricsRecorder?: unknown }).getMetricsRecorder === 'function';
}

/** @throws Error when the grpc-js that this library loads is too old. */
export function checkGrpcJs(): void {
  if (isRecentCall(ServerInterceptingCall.prototype)) return;
  throw new Error(
    `grpc-js-middleware needs @grpc/grpc-js ${LOWEST} or later and loads an older one${loaded()}: ${HOW_TO_FIND}`,
  );
}

/** What is said of a server whose calls lack what is needed: it is of another copy than the one loaded here. */
export const oldServerText = (): string =>
  `The server is made by a copy of @grpc/grpc-js before ${LOWEST}, not by the one that grpc-js-middleware loads${loaded()}: ${HOW_TO_FIND}`;

/**
 * Metadata and calls of one copy are not accepted by another, which says no more than that arguments are incorrect.
 *
 * @throws Error when the client is made by another copy of grpc-js.
 */
export function checkClientCopy(owner: string, client: unknown): void {
  if (client instanceof Client || !isClient(client)) return;
  throw new Error(
    `${owner}: the client is made by another copy of @grpc/grpc-js than the one that grpc-js-middleware loads${loaded()}: ` +
      `${HOW_TO_FIND}; npm dedupe, or one version for all, leaves one`,
  );
}

/** A client of some grpc-js, as opposed to a stand-in of a test. */
function isClient(value: unknown): boolean {
  const { makeUnaryRequest, waitForReady } = (value ?? {}) as Partial<Client>;
  return typeof makeUnaryRequest === 'function' && typeof waitForReady === 'function';
}

/** Where the copies are that this process has loaded, as far as it says: ` (from …)`. */
function loaded(): string {
  const { _cache: cache = {} } = Module as unknown as { _cache?: Record<string, unknown> };
  const paths = Object.keys(cache).filter((path) => /[\\/]grpc-js[^\\/]*[\\/]build[\\/]src[\\/]index\.js$/.test(path));
  const folders = paths.map((path) => path.replace(/[\\/]build[\\/]src[\\/]index\.js$/, ''));
  return folders.length === 0 ? '' : ` (loaded from ${folders.join(' and ')})`;
}
