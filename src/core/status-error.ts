import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import type { ErrorDetail } from './details.js';

// First form; completed together with the codec of google.rpc details.
const brand = Symbol.for('grpc-js-middleware/StatusError');

export interface StatusErrorInit {
  readonly errorDetails?: readonly ErrorDetail[];
  readonly metadata?: Metadata;
  readonly cause?: unknown;
}

export class StatusError extends Error {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
  readonly errorDetails: ErrorDetail[];

  constructor(code: status, details: string, init: StatusErrorInit = {}) {
    super(details, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.details = details;
    this.metadata = init.metadata ?? new Metadata();
    this.errorDetails = [...(init.errorDetails ?? [])];
  }

  static from(error: unknown): StatusError {
    return isStatusError(error) ? error : new StatusError(status.UNKNOWN, 'Unknown error', { cause: error });
  }
}
Object.defineProperty(StatusError.prototype, brand, { value: true });

export function isStatusError(error: unknown): error is StatusError {
  return typeof error === 'object' && error !== null && (error as { [brand]?: boolean })[brand] === true;
}

/** The status to send for an error. */
export function toStatusObject(error: StatusError): StatusObject {
  return { code: error.code, details: error.details, metadata: error.metadata };
}
