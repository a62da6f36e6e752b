import { sharedContextKey } from './context-key.js';

/** Who is calling, as an authenticator established it. */
export interface Identity {
  /** Whom the credentials speak for: a JWT's `sub`, a certificate's SPIFFE ID, … */
  readonly subject: string;
  /** How it was proved, in lower case: `bearer`, `mtls`, … */
  readonly scheme: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** What else the credentials say. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Where the auth interceptor leaves the identity, for limits, idempotency and logs per caller. @internal */
export const identityKey = sharedContextKey<Identity | undefined>('identity', undefined);
