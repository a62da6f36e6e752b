import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { AUDIENCE, ISSUER, SECRET } from './token.js';

/** What signs: an issuer's key by its name, or a secret. */
export interface Signer {
  readonly header: object;
  sign(input: string): Buffer;
}

export interface KeyPair extends Signer {
  /** As a key set has it. */
  readonly jwk: object;
}

export function keyPair(kid: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    header: { alg: 'ES256', kid },
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' },
    sign: (input) => ecdsa(privateKey, input),
  };
}

const ecdsa = (key: KeyObject, input: string): Buffer =>
  sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });

export const secretSigner: Signer = {
  header: { alg: 'HS256' },
  sign: (input) => createHmac('sha256', SECRET).update(input).digest(),
};

const encode = (part: object | Buffer): string =>
  Buffer.from(Buffer.isBuffer(part) ? part : JSON.stringify(part)).toString('base64url');

/** A token, good but for what is given. */
export function token(signer: Signer, claims: object = {}, header: object = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  const payload = { iss: ISSUER, aud: AUDIENCE, sub: 'user-7', exp, ...claims };
  const input = `${encode({ ...signer.header, ...header })}.${encode(payload)}`;
  return `${input}.${encode(signer.sign(input))}`;
}

type Make = (signer: Signer, number: number) => string;

/** As long as is read at all, by default. */
const longest: Make = (signer, number) => {
  const rest = token(signer, { jti: number, blob: '' }).length + 8;
  return broken(token(signer, { jti: number, blob: 'x'.repeat(Math.floor(((8_192 - rest) * 3) / 4)) }));
};

/** Its signature turned around: as long as it was, and wrong. */
function broken(good: string): string {
  const end = good.lastIndexOf('.') + 1;
  const signature = Buffer.from(good.slice(end), 'base64url').reverse();
  return good.slice(0, end) + encode(signature);
}

/** Tokens that are bad in one way each; `number` makes them distinct. */
export const badTokens: Readonly<Record<string, Make>> = {
  'a wrong signature': (signer, number) => broken(token(signer, { jti: number })),
  expired: (signer, number) => token(signer, { exp: number }),
  'a wrong audience': (signer, number) => token(signer, { aud: `other-${number}` }),
  'no algorithm': (signer, number) => token(signer, { jti: number }, { alg: 'none' }),
  'another algorithm': (signer, number) => token(signer, { jti: number }, { alg: 'PS512' }),
  'an unknown key id': (signer, number) => broken(token(signer, {}, { kid: `key-${number}` })),
  'no key id, so that each key is tried': (signer, number) =>
    broken(token(signer, { jti: number }, { kid: undefined })),
  'claims that are no JSON': (signer, number) => {
    const [head, , signature] = token(signer).split('.');
    return `${head}.${encode(Buffer.from(`{${number}`))}.${signature}`;
  },
  truncated: (signer, number) => token(signer, { jti: number }).slice(0, 40 + (number % 100)),
  'random characters': (_signer, number) => encode(Buffer.from(`${number}`.repeat(40))),
  '8 KB, a wrong signature': longest,
  '100 KB': (signer, number) => token(signer, { jti: number, blob: 'x'.repeat(100_000) }),
};
