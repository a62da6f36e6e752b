import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { isObject, optionError, optionsOf, withheld } from '../core/base/options.js';
import { isSecretAlgorithm, secretBytesFor, unfitness, type JwtAlgorithm } from './jwt-algorithms.js';
import type { KeySource } from './key-source.js';
import { localKeySet, type JsonWebKeySet } from './jwk-set.js';
import { remoteKeySource, type RemoteJwks } from './remote-jwks.js';

/**
 * What tokens are verified with, in one of four forms: the issuer's key set at a URL, a key set at hand, a shared
 * secret, or one public key.
 */
export type JwtKeys =
  | RemoteJwks
  | {
      /** A JSON Web Key Set (RFC 7517) of public keys. */
      readonly jwks: JsonWebKeySet;
    }
  | {
      /** Shared with the issuer, at least as long as the hash: 32 bytes for HS256. Text is taken as UTF-8. */
      readonly secret: string | Uint8Array;
    }
  | {
      /** A public key or a certificate in PEM. */
      readonly publicKeyPem: string;
    };

const FORMS = ['jwksUri', 'jwks', 'secret', 'publicKeyPem'] as const;

/**
 * Makes the key source of the option `keys`.
 *
 * @throws TypeError when a key does not fit every algorithm.
 */
export function keySourceOf(option: string, keys: JwtKeys, algorithms: readonly JwtAlgorithm[]): KeySource {
  if (!isObject(keys)) throw optionError(option, `an object with one of ${FORMS.join(', ')}`, withheld(keys));
  const given = FORMS.filter((form) => form in keys);
  if (given.length !== 1) throw optionError(option, `an object with one of ${FORMS.join(', ')}`, keys);

  const secretWanted = algorithms.some(isSecretAlgorithm);
  if (secretWanted !== 'secret' in keys) {
    const expected = secretWanted ? 'a secret' : 'public keys';
    throw optionError(option, `${expected}, as ${algorithms.join(', ')} wants`, given[0]);
  }
  if ('jwksUri' in keys) return remoteKeySource(option, keys);
  if ('secret' in keys) {
    optionsOf(option, keys, ['secret']);
    return secretSource(`${option}.secret`, keys.secret, algorithms);
  }
  if ('publicKeyPem' in keys) {
    optionsOf(option, keys, ['publicKeyPem']);
    return pemSource(`${option}.publicKeyPem`, keys.publicKeyPem, algorithms);
  }
  optionsOf(option, keys, ['jwks']);
  return { version: 0, find: localKeySet(`${option}.jwks`, keys.jwks, algorithms) };
}

function secretSource(option: string, secret: string | Uint8Array, algorithms: readonly JwtAlgorithm[]): KeySource {
  // A copy: the caller may wipe its own.
  const bytes = Uint8Array.from(typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secretBytes(option, secret));
  const wanted = secretBytesFor(algorithms);
  if (bytes.length < wanted) {
    throw optionError(option, `at least ${wanted} bytes for ${algorithms.join(', ')}`, bytes.length);
  }
  const imported = new Map<string, Promise<webcrypto.CryptoKey>>();
  const find = (alg: string): Promise<webcrypto.CryptoKey> => {
    const known = imported.get(alg) ?? importSecret(bytes, alg);
    imported.set(alg, known);
    return known;
  };
  return { version: 0, find: ({ alg }) => find(alg) };
}

function secretBytes(option: string, secret: unknown): Uint8Array {
  if (secret instanceof Uint8Array) return secret;
  throw optionError(option, 'a string or a Uint8Array', withheld(secret));
}

function importSecret(bytes: Uint8Array, alg: string): Promise<webcrypto.CryptoKey> {
  const hash = `SHA-${alg.slice('HS'.length)}`;
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, ['verify']);
}

function pemSource(option: string, pem: string, algorithms: readonly JwtAlgorithm[]): KeySource {
  const key = publicKey(option, pem);
  for (const algorithm of algorithms) {
    const fault = unfitness(key, algorithm);
    if (fault !== undefined) throw optionError(option, `a key that fits algorithms: ${fault}`, withheld(pem));
  }
  return { version: 0, find: () => key };
}

function publicKey(option: string, pem: unknown): KeyObject {
  const text = typeof pem === 'string' ? pem : '';
  // createPublicKey would take a private key too, and a verifier has no business with one.
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new TypeError(`${option} must be a public key or certificate in PEM, got a private key`);
  }
  try {
    return createPublicKey(text);
  } catch {
    throw optionError(option, 'a public key or certificate in PEM', withheld(pem));
  }
}
