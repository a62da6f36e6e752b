import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose';
import { optionError, withheld } from '../core/base/options.js';
import { unfitness, type JwtAlgorithm } from './jwt-algorithms.js';

/** A JSON Web Key Set (RFC 7517, section 5). */
export interface JsonWebKeySet {
  /** The keys, each a JSON Web Key (RFC 7517, section 4). */
  readonly keys: readonly object[];
}

type Jwk = JsonWebKey & { readonly use?: string; readonly alg?: string };

/** Whether a parsed JSON text is a key set at all. */
export function isKeySet(value: unknown): value is JsonWebKeySet {
  const keys = (value as JsonWebKeySet | null | undefined)?.keys;
  return Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
}

/**
 * The lookup in a key set that the application gives. It is the application's own, so nothing in it is passed over in
 * silence: every signature key must be public and sound, and every algorithm must have one.
 */
export function localKeySet(option: string, jwks: unknown, algorithms: readonly JwtAlgorithm[]): JWTVerifyGetKey {
  if (!isKeySet(jwks)) throw optionError(option, 'a JSON Web Key Set: an object with a list of keys', withheld(jwks));
  const keys = (jwks.keys as readonly Jwk[]).filter(isForSignatures);
  const sound = keys.map((jwk, index) => ({ jwk, key: publicKeyOf(`${option}.keys[${index}]`, jwk) }));
  for (const algorithm of algorithms) {
    if (!sound.some(({ jwk, key }) => fits(jwk, key, algorithm))) {
      throw optionError(option, `a key set with a key for ${algorithm}`, keys.map(outlineOf));
    }
  }
  return lookup(keys);
}

/**
 * The lookup in a key set that an issuer published. Keys that no algorithm of ours could use are left out, as RFC 7517
 * advises, and so are those that should never have been published: a key that everybody knows proves nothing.
 */
export function publishedKeySet(jwks: JsonWebKeySet): JWTVerifyGetKey {
  return lookup((jwks.keys as readonly Jwk[]).filter((jwk) => isForSignatures(jwk) && isPublic(jwk)));
}

const lookup = (keys: readonly Jwk[]): JWTVerifyGetKey => createLocalJWKSet({ keys: [...keys] });

const isForSignatures = (jwk: Jwk): boolean => jwk.use === undefined || jwk.use === 'sig';

const isPublic = (jwk: Jwk): boolean => ['RSA', 'EC', 'OKP'].includes(jwk.kty ?? '') && !('d' in jwk);

const fits = (jwk: Jwk, key: KeyObject, algorithm: JwtAlgorithm): boolean =>
  (jwk.alg === undefined || jwk.alg === algorithm) && unfitness(key, algorithm) === undefined;

function publicKeyOf(option: string, jwk: Jwk): KeyObject {
  // The key itself stays out of the error: it is the one thing that must not be shown.
  if (!isPublic(jwk)) throw new TypeError(`${option} must be a public key, got a private, secret or unknown one`);
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw optionError(option, 'a valid RSA, EC or OKP key', outlineOf(jwk));
  }
}

const outlineOf = ({ kty, crv, alg, kid }: Jwk): object => ({ kty, crv, alg, kid: kid });
