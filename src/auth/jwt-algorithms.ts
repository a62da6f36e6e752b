import type { KeyObject } from 'node:crypto';
import { optionError } from '../core/base/options.js';

/**
 * The signature algorithms of RFC 7518 and RFC 8037 that a verifier may name. `HS…` stand for a shared secret, all
 * others for a public key. `none` is not among them.
 */
export type JwtAlgorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519';

/** What a key must be for an algorithm: a secret of so many bytes, or a public key of this type. */
type KeyNeed = { readonly secretBytes: number } | { readonly type: string; readonly curve?: string };

const needs: Readonly<Record<JwtAlgorithm, KeyNeed>> = {
  // RFC 7518, section 3.2: a key of the size of the hash output or larger.
  HS256: { secretBytes: 32 },
  HS384: { secretBytes: 48 },
  HS512: { secretBytes: 64 },
  RS256: { type: 'rsa' },
  RS384: { type: 'rsa' },
  RS512: { type: 'rsa' },
  PS256: { type: 'rsa' },
  PS384: { type: 'rsa' },
  PS512: { type: 'rsa' },
  ES256: { type: 'ec', curve: 'prime256v1' },
  ES384: { type: 'ec', curve: 'secp384r1' },
  ES512: { type: 'ec', curve: 'secp521r1' },
  EdDSA: { type: 'ed25519' },
  Ed25519: { type: 'ed25519' },
};

/** RFC 7518, section 3.3. */
const MIN_RSA_BITS = 2048;

/**
 * The option `algorithms`: named, known, and of one kind. A verifier that takes both kinds can be shown its own public
 * key as if it were a shared secret (RFC 8725, section 2.1).
 */
export function algorithmsOf(option: string, given: unknown): readonly JwtAlgorithm[] {
  const names = Object.keys(needs);
  if (!Array.isArray(given) || given.length === 0 || !given.every((each) => names.includes(each as string))) {
    throw optionError(option, `a non-empty list of ${names.join(', ')}`, given);
  }
  const algorithms = [...new Set(given as JwtAlgorithm[])];
  if (algorithms.some(isSecretAlgorithm) && !algorithms.every(isSecretAlgorithm)) {
    throw optionError(option, 'algorithms of one kind: HS… of a secret, or those of a public key, never both', given);
  }
  return algorithms;
}

/** `HS…`: signer and verifier share one secret. */
export const isSecretAlgorithm = (algorithm: JwtAlgorithm): boolean => 'secretBytes' in needs[algorithm];

/** How many bytes a secret must have at least for all of these. */
export const secretBytesFor = (algorithms: readonly JwtAlgorithm[]): number =>
  Math.max(...algorithms.map((algorithm) => secretBytes(needs[algorithm])));

const secretBytes = (need: KeyNeed): number => ('secretBytes' in need ? need.secretBytes : 0);

/** Why a public key does not fit an algorithm, or undefined when it does. */
export function unfitness(key: KeyObject, algorithm: JwtAlgorithm): string | undefined {
  const need = needs[algorithm];
  if ('secretBytes' in need) return `${algorithm} takes a secret, not a public key`;
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== need.type) return `${algorithm} takes a key of type ${need.type}`;
  if (need.curve !== namedCurve) return `${algorithm} takes a key on curve ${need.curve}`;
  if (need.type === 'rsa' && modulusLength < MIN_RSA_BITS) return `an RSA key needs ${MIN_RSA_BITS} bits`;
  return undefined;
}
