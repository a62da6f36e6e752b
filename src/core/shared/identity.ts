import { sharedContextKey } from '../context-key.js';

/** Who is calling, as an authenticator established it. */
export interface Identity {
  /** Whom the credentials speak for: a JWT's `sub`, a certificate's SPIFFE ID, … */
  readonly subject: string;
  /** How it was proved, in lower case: `bearer`, `mtls`, … */
  readonly scheme: string;
  /** What the caller is, such as `admin`; `allow.role` asks for these. */
  readonly roles: readonly string[];
  /** What the credentials were issued for (RFC 6749, section 3.3); `allow.scope` asks for these. */
  readonly scopes: readonly string[];
  /** What else the credentials say. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Where the auth interceptor leaves the identity, for limits, idempotency and logs per caller. @internal */
export const identityKey = sharedContextKey<Identity | undefined>('identity', undefined);
