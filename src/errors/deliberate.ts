import { status, type Metadata } from '@grpc/grpc-js';
import { isMetadata, readStatus } from '../core/status/received-status.js';
import { isStatusError, StatusError } from '../core/status/status-error.js';
import { isStatusCode } from '../core/status/wire-status.js';

/**
 * The error that somebody meant to send: one of ours, an error of a grpc-js client, or an object with one of gRPC's
 * codes. Undefined for all others, whose text may hold anything. Never throws.
 */
export function deliberateError(error: unknown): StatusError | undefined {
  if (isStatusError(error)) return error;
  if (readStatus(error) !== undefined) return StatusError.from(error);
  try {
    return plainError(error);
  } catch {
    return undefined;
  }
}

/**
 * grpc-js's own idiom: `{ code: status.NOT_FOUND, message: '…' }`, or an Error with a code. Only objects and errors of
 * no class of their own: a database driver's error may carry a small number as its code, too (MongoDB's 13 is
 * 'Unauthorized', with the command in its message), and has a class. Such a class is trusted if it has `details`.
 */
function plainError(error: unknown): StatusError | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, message, metadata } = error as { code?: unknown; message?: unknown; metadata?: Metadata };
  if (!isStatusCode(code) || code === status.OK || typeof message !== 'string' || !isPlain(error)) return undefined;
  return new StatusError(code, message, { cause: error, metadata: isMetadata(metadata) ? metadata : undefined });
}

function isPlain(error: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(error);
  return prototype === null || prototype === Object.prototype || prototype === Error.prototype;
}
