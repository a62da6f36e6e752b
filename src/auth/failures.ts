import { Metadata, status } from '@grpc/grpc-js';
import { withoutStack } from '../core/base/without-stack.js';
import { StatusError } from '../core/status/status-error.js';

/** The trailer that says which credentials a method takes (RFC 9110, section 11.6.1). */
export const CHALLENGE = 'www-authenticate';

/** The error codes of RFC 6750, section 3.1, that a refused token may have. */
export type BearerFault = 'invalid_request' | 'invalid_token';

/**
 * Why credentials were refused. It is the `cause` of what the client is sent, so logs and spans can show it; it holds
 * neither a token nor a claim's value.
 */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';

  constructor(
    reason: string,
    readonly fault: BearerFault = 'invalid_token',
  ) {
    super(reason);
    withoutStack(this);
  }
}

/** Tokens cannot be judged for now, since there are no keys to judge them by: nobody's credentials are to blame. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';

  constructor(
    reason: string,
    /** When trying again makes sense, in milliseconds from now. */
    readonly retryDelayMs: number,
  ) {
    super(reason);
    withoutStack(this);
  }
}

/** Nobody showed credentials of a kind that counts here. RFC 6750: such a challenge carries no error. */
export function missingCredentials(challenges: readonly string[]): StatusError {
  const metadata = new Metadata();
  for (const challenge of challenges) metadata.add(CHALLENGE, challenge);
  return withoutStack(new StatusError(status.UNAUTHENTICATED, 'Missing credentials', { metadata }));
}

/** The text stays neutral: which check failed is for operators, not for whoever is guessing. */
export function invalidCredentials(cause: unknown, challenge?: string): StatusError {
  const metadata = new Metadata();
  if (challenge !== undefined) {
    const fault = cause instanceof CredentialsError ? cause.fault : 'invalid_token';
    metadata.set(CHALLENGE, `${challenge}, error="${fault}"`);
  }
  return withoutStack(new StatusError(status.UNAUTHENTICATED, 'Invalid credentials', { metadata, cause }));
}

/** The caller is known, or needs not be, and still may not. */
export function permissionDenied(cause: unknown, challenge?: string): StatusError {
  const metadata = new Metadata();
  if (challenge !== undefined) metadata.set(CHALLENGE, challenge);
  return withoutStack(new StatusError(status.PERMISSION_DENIED, 'Permission denied', { metadata, cause }));
}

/** Transient by its nature, so UNAVAILABLE (google/rpc/code.proto), with the time after which a retry makes sense. */
export function keysUnavailable(cause: KeysUnavailableError): StatusError {
  const retryDelayMs = Math.max(1, Math.ceil(cause.retryDelayMs));
  const errorDetails = [{ type: 'retryInfo', retryDelayMs }] as const;
  return withoutStack(new StatusError(status.UNAVAILABLE, 'Authentication is unavailable', { errorDetails, cause }));
}
