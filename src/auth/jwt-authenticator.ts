import { optionError, optionsOf, type OptionChecker } from '../core/base/options.js';
import { isThenable } from '../core/base/report-failure.js';
import type { Authenticate } from './authenticate.js';
import { bearerToken } from './bearer.js';
import { invalidCredentials, KeysUnavailableError, keysUnavailable } from './failures.js';
import { algorithmsOf, type JwtAlgorithm } from './jwt-algorithms.js';
import type { ClaimsToIdentity } from './jwt-identity.js';
import { keySourceOf, type JwtKeys } from './jwt-keys.js';
import type { KeySource } from './key-source.js';
import { tokenVerifier, type VerifyToken } from './jwt-verifier.js';
import { TokenCache, type TokenCacheOptions } from './token-cache.js';
import type { Identity } from '../core/shared/identity.js';

/** What tokens {@link jwtAuthenticator} accepts. A token has to fulfil all of it. */
export interface JwtAuthenticatorOptions {
  /** Who signs the tokens: their `iss`, exactly. One authenticator per issuer (RFC 8725, section 3.8). */
  readonly issuer: string;
  /** Whom the tokens are for: this, or one of these, has to be in their `aud` (RFC 8725, section 3.9). */
  readonly audience: string | readonly string[];
  /** The algorithms that may have signed; there is no default, since a guess here is a hole (RFC 8725, section 3.1). */
  readonly algorithms: readonly JwtAlgorithm[];
  /** What the signatures are verified with; it has to fit every algorithm. */
  readonly keys: JwtKeys;
  /**
   * The token's `typ`, such as `'at+jwt'` (RFC 9068): then required, so that another kind of token from the same
   * issuer is not taken for an access token (RFC 8725, section 3.11).
   * @default not looked at
   */
  readonly typ?: string;
  /**
   * How far the issuer's clock and ours may be apart when `exp` and `nbf` are compared, in milliseconds; at most five
   * minutes.
   * @default 0
   */
  readonly clockToleranceMs?: number;
  /**
   * Longer tokens are refused before any work is spent on them, in characters.
   * @default 8_192
   */
  readonly maxTokenLength?: number;
  /**
   * Remembers verified tokens; `false` verifies each call's.
   * @default {} that is 10_000 tokens for a minute
   */
  readonly cache?: TokenCacheOptions | false;
  /**
   * Reads the identity from verified claims. What it leaves out is as by default: `subject` from `sub`, `roles` from
   * `roles`, `scopes` from `scope`, all claims in `claims`. A throw refuses the token.
   * @default () => ({})
   * @example claimsToIdentity: (claims) => ({ roles: claims.groups as string[] })
   */
  readonly claimsToIdentity?: ClaimsToIdentity;
  /**
   * The name of what the tokens open, in the `www-authenticate` trailer (RFC 6750, section 3).
   * @default 'grpc'
   */
  readonly realm?: string;
}

const OWNER = 'jwtAuthenticator';
const OPTIONS = [
  'issuer',
  'audience',
  'algorithms',
  'keys',
  'typ',
  'clockToleranceMs',
  'maxTokenLength',
  'cache',
  'claimsToIdentity',
  'realm',
] as const;

/**
 * Identifies callers by the JSON Web Token in `authorization: Bearer …`, verified as RFC 8725 advises: named
 * algorithms, and `iss`, `aud`, `exp` and `sub` required. A remembered token costs no promise and about a microsecond.
 *
 * Bad tokens are UNAUTHENTICATED; a key server that cannot be reached is UNAVAILABLE with RetryInfo, unless keys fetched
 * before are still fresh enough.
 *
 * @throws TypeError for wrong options, among them a key that does not fit an algorithm and a secret that is too short.
 *
 * @example
 * const authenticate = jwtAuthenticator({
 *   issuer: 'https://issuer.example',
 *   audience: 'shop',
 *   algorithms: ['ES256'],
 *   keys: { jwksUri: 'https://issuer.example/.well-known/jwks.json' },
 * });
 */
export function jwtAuthenticator(options: JwtAuthenticatorOptions): Authenticate {
  const check = optionsOf(OWNER, options, OPTIONS);
  const algorithms = algorithmsOf(`${OWNER}: algorithms`, options.algorithms);
  const keys = keySourceOf(`${OWNER}: keys`, options.keys, algorithms);
  const verify = tokenVerifier(
    {
      issuer: check.string('issuer'),
      audience: audienceOf(options.audience),
      algorithms,
      typ: check.optionalString('typ'),
      clockToleranceMs: check.number('clockToleranceMs', { min: 0, max: 300_000, fallback: 0 }),
      claimsToIdentity: check.optionalFunction('claimsToIdentity'),
    },
    keys,
  );
  const { cache = {} } = options;
  const identify = identifier(verify, keys, cache);
  const maxLength = check.number('maxTokenLength', { min: 1, integer: true, fallback: 8_192 });
  return bearerAuthenticator(identify, maxLength, challengeOf(check));
}

type Identify = (token: string, holder: object) => Identity | Promise<Identity>;

function identifier(verify: VerifyToken, keys: KeySource, options: TokenCacheOptions | false): Identify {
  if (options === false) return async (token) => (await verify(token)).identity;
  const check = optionsOf(`${OWNER}: cache`, options, ['maxEntries', 'maxAgeMs']);
  const maxEntries = check.number('maxEntries', { min: 1, max: 2 ** 24, integer: true, fallback: 10_000 });
  const cache = new TokenCache(verify, keys, check.number('maxAgeMs', { min: 1, fallback: 60_000 }), maxEntries);
  return (token, holder) => cache.identityOf(token, holder);
}

function bearerAuthenticator(identify: Identify, maxLength: number, challenge: string): Authenticate {
  // Made anew for each call: those that wait for one verification must not share what is sent.
  const refuse = (error: unknown): never => {
    throw error instanceof KeysUnavailableError ? keysUnavailable(error) : invalidCredentials(error, challenge);
  };
  const authenticate: Authenticate = (call) => {
    try {
      const token = bearerToken(call.metadata, maxLength);
      if (token === undefined) return undefined;
      const identity = identify(token, call.metadata);
      return isThenable(identity) ? identity.catch(refuse) : identity;
    } catch (error) {
      return refuse(error);
    }
  };
  return Object.assign(authenticate, { challenge });
}

function audienceOf(audience: unknown): string | readonly string[] {
  const list: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  if (list.length > 0 && list.every((each) => typeof each === 'string' && each !== '')) return list as string[];
  throw optionError(`${OWNER}: audience`, 'a non-empty string, or a non-empty list of them', audience);
}

/** RFC 9110 lets a quoted string hold more, but a realm that needs escapes is a mistake. */
function challengeOf(check: OptionChecker<JwtAuthenticatorOptions>): string {
  const realm = check.string('realm', 'grpc');
  if (/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(realm)) return `Bearer realm="${realm}"`;
  throw check.error('realm', 'printable ASCII without quotes and backslashes', realm);
}
