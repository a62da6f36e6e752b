import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { Identity } from '../core/shared/identity.js';
import { CredentialsError, KeysUnavailableError } from './failures.js';
import type { JwtAlgorithm } from './jwt-algorithms.js';
import { identityOfClaims, type ClaimsToIdentity } from './jwt-identity.js';
import type { KeySource } from './key-source.js';

/** What a token has to be. */
export interface TokenRules {
  readonly issuer: string;
  readonly audience: string | readonly string[];
  readonly algorithms: readonly JwtAlgorithm[];
  readonly typ: string | undefined;
  readonly clockToleranceMs: number;
  readonly claimsToIdentity: ClaimsToIdentity | undefined;
}

/** A token that holds. */
export interface Verified {
  readonly identity: Identity;
  /** Its `exp`, in epoch milliseconds. */
  readonly expiresAt: number;
}

/** Verifies a token; rejects with {@link CredentialsError} or {@link KeysUnavailableError}, and nothing else. */
export type VerifyToken = (token: string) => Promise<Verified>;

/** How many keys a token without a key id is tried with: as many as an issuer has while it replaces one, and some. */
const MAX_CANDIDATES = 4;

/** The checks of RFC 8725, by jose. */
export function tokenVerifier(rules: TokenRules, keys: KeySource): VerifyToken {
  const options: JWTVerifyOptions = {
    issuer: rules.issuer,
    audience: typeof rules.audience === 'string' ? rules.audience : [...rules.audience],
    algorithms: [...rules.algorithms],
    clockTolerance: rules.clockToleranceMs / 1000,
    // Required as soon as they are compared: iss and aud. jose asks for neither of these by itself.
    requiredClaims: ['exp', 'sub'],
    ...(rules.typ === undefined ? {} : { typ: rules.typ }),
  };
  return async (token) => {
    try {
      checkForm(token);
      const payload = await verifiedPayload(token, keys, options);
      return { identity: identityOfClaims(payload, rules.claimsToIdentity), expiresAt: expiryOf(payload) };
    } catch (error) {
      throw asOurs(error);
    }
  };
}

/**
 * The compact form of RFC 7515, section 3.1, in its one spelling. jose reads over spaces in the signature and over the
 * unused bits of its last character, so that one token would have many forms, each with its own place in the cache.
 */
function checkForm(token: string): void {
  const signature = /^[\w-]+\.[\w-]+\.([\w-]+)$/.exec(token)?.[1];
  if (signature === undefined || Buffer.from(signature, 'base64url').toString('base64url') !== signature) {
    throw new CredentialsError('not a signed token in compact form', 'invalid_request');
  }
}

async function verifiedPayload(token: string, keys: KeySource, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys.find, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return firstThatVerifies(token, error, options);
  }
}

/** Several keys fit a token, because it names none or two share a name. */
async function firstThatVerifies(
  token: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let tried = 0;
  for await (const key of candidates) {
    if (++tried > MAX_CANDIDATES) break;
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

/** JSON can hold 1e999: a token for ever. */
function expiryOf({ exp }: JWTPayload): number {
  if (Number.isFinite(exp)) return exp! * 1000;
  throw new CredentialsError('"exp" is not a finite number');
}

/**
 * jose's errors carry the claims, and a parser's error below them a piece of the token: only the words that say which
 * check failed go on. A key that does not suit the token's algorithm is a TypeError there, and the token's fault.
 */
function asOurs(error: unknown): CredentialsError | KeysUnavailableError {
  if (error instanceof CredentialsError || error instanceof KeysUnavailableError) return error;
  if (error instanceof errors.JOSEError) return new CredentialsError(`${error.message} (${error.code})`);
  return new CredentialsError(
    error instanceof TypeError ? 'the key does not suit the algorithm' : 'verification failed',
  );
}
