import { isError } from '../base/is-error.js';
import { Metadata, status } from '@grpc/grpc-js';
import { detailsInTrailers } from './details-trailer.js';
import type { ErrorDetail } from './details.js';
import { originOf } from './status-origin.js';
import { isMetadata } from './is-metadata.js';
import { isStatusCode } from './wire-status.js';

/** What an object of grpc-js's { code, details, metadata } shape says. */
export interface StatusFacts {
  readonly code: status;
  readonly details: string;
  /** As received, or a copy. */
  readonly metadata: Metadata;
  readonly errorDetails: ErrorDetail[];
  /** It is what another server sent, not what somebody here put together. */
  readonly received: boolean;
  /** The error itself, when it is one. */
  readonly cause: Error | undefined;
}

/**
 * Reads an error of a grpc-js client, or anything else of its shape: a code of gRPC's that is not OK, a text and, if
 * any, trailers. Undefined for everything else. Never throws, whatever it is given.
 */
export function readStatus(error: unknown): StatusFacts | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  try {
    const { code, details, metadata } = error as { code?: unknown; details?: unknown; metadata?: unknown };
    if (!Number.isInteger(code) || code === status.OK || typeof details !== 'string') return undefined;
    const trailers = isMetadata(metadata) ? metadata : new Metadata();
    const received = originOf(trailers)?.received ?? isClientMessage(error, code as number, details);
    // A server may send a code that gRPC does not know, which counts as UNKNOWN; a database's error may carry one, too.
    if (!isStatusCode(code) && !received) return undefined;
    return {
      code: isStatusCode(code) ? code : status.UNKNOWN,
      details,
      metadata: received ? trailers : trailers.clone(),
      errorDetails: detailsInTrailers(trailers),
      received,
      cause: isError(error) ? error : undefined,
    };
  } catch {
    return undefined;
  }
}

/** grpc-js's client gives its errors this message; who makes one by hand hardly does. */
function isClientMessage(error: object, code: number, details: string): boolean {
  const { message } = error as { message?: unknown };
  return message === `${code} ${status[code]}: ${details}`;
}

export { isMetadata } from './is-metadata.js';
