import type { ErrorDetailOf, ErrorDetailType } from './details.js';
import { StatusError } from './status-error.js';

/**
 * The first detail of one type in an error: in a {@link StatusError}, or in the error that a grpc-js client gives, whose
 * trailers are then decoded.
 *
 * @example
 * const delay = findDetail(error, 'retryInfo')?.retryDelayMs;
 */
export function findDetail<T extends ErrorDetailType>(error: unknown, type: T): ErrorDetailOf<T> | undefined {
  const found = StatusError.from(error).errorDetails.find((detail) => detail.type === type);
  return found as ErrorDetailOf<T> | undefined;
}
