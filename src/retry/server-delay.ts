import type { Metadata } from '@grpc/grpc-js';
import { findDetail } from '../core/status/find-detail.js';
import type { StatusError } from '../core/status/status-error.js';

/** Trailer of gRFC A6 by which a server says when to come back. */
const PUSHBACK = 'grpc-retry-pushback-ms';
const DETAILS = 'grpc-status-details-bin';

/** What a server asks for: a delay in milliseconds, or not to come back, or (undefined) nothing. */
export type ServerDelay =
  | { readonly delayMs: number; readonly from: 'pushback' | 'retryInfo' }
  | { readonly refusal: 'pushback' | 'malformedPushback' }
  | undefined;

/**
 * The delay that a failed attempt's trailers ask for. The pushback trailer is exact; RetryInfo (google.rpc) is read where
 * there is none.
 */
export function serverDelayOf(trailers: Metadata, errorOf: () => StatusError): ServerDelay {
  const values = trailers.get(PUSHBACK);
  if (values.length > 0) return pushback(values);
  // Decoding is left out where there is nothing to decode: most failures carry no details.
  if (trailers.get(DETAILS).length === 0) return undefined;
  const retryDelayMs = findDetail(errorOf(), 'retryInfo')?.retryDelayMs;
  return retryDelayMs !== undefined && retryDelayMs >= 0 ? { delayMs: retryDelayMs, from: 'retryInfo' } : undefined;
}

/**
 * ASCII int32. Negative means "do not retry", and so does what cannot be read, several values included: a server that
 * tries to hold clients back must not be stormed because of a typing error (gRFC A6).
 */
function pushback(values: readonly unknown[]): ServerDelay {
  const [text] = values;
  if (values.length > 1 || typeof text !== 'string' || !/^(0|-?[1-9]\d{0,9})$/.test(text)) {
    return { refusal: 'malformedPushback' };
  }
  const delayMs = Number(text);
  if (delayMs < -(2 ** 31) || delayMs > 2 ** 31 - 1) return { refusal: 'malformedPushback' };
  return delayMs < 0 ? { refusal: 'pushback' } : { delayMs, from: 'pushback' };
}
