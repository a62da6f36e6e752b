import type { Metadata } from '@grpc/grpc-js';
import { CredentialsError } from './failures.js';

const SCHEME = 'bearer ';

/**
 * The token of an `authorization: Bearer …` header (RFC 6750, section 2.1; the scheme's case does not count), or
 * undefined when there is none, or of another scheme.
 *
 * @throws CredentialsError for several values, a malformed one, or one longer than `maxLength`: before any work is
 * spent on it.
 */
export function bearerToken(metadata: Metadata, maxLength: number): string | undefined {
  const values = metadata.get('authorization');
  if (values.length === 0) return undefined;
  if (values.length > 1) throw new CredentialsError('several authorization values', 'invalid_request');
  const header = String(values[0]);
  const scheme = header.slice(0, SCHEME.length).toLowerCase();
  if (scheme !== SCHEME) {
    if (scheme.trimEnd() === SCHEME.trimEnd()) throw new CredentialsError('an empty bearer token', 'invalid_request');
    return undefined;
  }
  if (header.length - SCHEME.length > maxLength) {
    throw new CredentialsError(`a token of more than ${maxLength} characters`, 'invalid_request');
  }
  return header.slice(SCHEME.length);
}
