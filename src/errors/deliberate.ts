import { status } from '@grpc/grpc-js';
import { isError } from '../core/base/is-error.js';
import { isMetadata, readStatus } from '../core/status/received-status.js';
import { isStatusError, StatusError } from '../core/status/status-error.js';
import { isStatusCode } from '../core/status/wire-status.js';

/** Fields of a status as grpc-js's users write it by hand; a library's error has others beside them. */
const STATUS_FIELDS: ReadonlySet<string> = new Set(['code', 'details', 'message', 'metadata', 'name']);

/**
 * The error that was meant for the client: one of ours, or what has gRPC's Metadata, as the errors of grpc-js's clients
 * do. A number in `code` proves nothing: child_process has the exit status there, MongoDB, WebSocket and DOM errors
 * numbers of their own. Undefined for all others, whose text may hold anything. Never throws.
 *
 * @param trustCodes Take a code of gRPC's for meant, too, with a text, and whatever else it may be.
 */
export function deliberateError(error: unknown, trustCodes: boolean): StatusError | undefined {
  if (isStatusError(error)) return error;
  if (typeof error !== 'object' || error === null) return undefined;
  try {
    if (!trustCodes && !isMetadata((error as { metadata?: unknown }).metadata) && !isStatusLiteral(error))
      return undefined;
    return readStatus(error) === undefined ? statusOf(error) : StatusError.from(error);
  } catch {
    return undefined;
  }
}

/** `{ code: status.NOT_FOUND, details: '…' }`, written by hand: not an Error, and without any other field. */
function isStatusLiteral(error: object): boolean {
  if (isError(error)) return false;
  const prototype: unknown = Object.getPrototypeOf(error);
  if (prototype !== null && prototype !== Object.prototype) return false;
  return Object.keys(error).every((name) => STATUS_FIELDS.has(name));
}

/** What says a code and a message, but no details. */
function statusOf(error: object): StatusError | undefined {
  const { code, message, metadata } = error as { code?: unknown; message?: unknown; metadata?: unknown };
  if (!isStatusCode(code) || code === status.OK || typeof message !== 'string') return undefined;
  return new StatusError(code, message, { cause: error, metadata: isMetadata(metadata) ? metadata : undefined });
}
