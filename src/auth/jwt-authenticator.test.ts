import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StatusError } from '../core/status/status-error.js';
import type { Identity } from '../core/shared/identity.js';
import {
  AUDIENCE,
  ISSUER,
  SECRET,
  bearer,
  callWith,
  claims,
  macced,
  makeKey,
  secondsFromNow,
  signed,
} from './fixtures/tokens.js';
import { jwtAuthenticator, type JwtAuthenticatorOptions } from './jwt-authenticator.js';

const key = makeKey();
const stranger = makeKey('key-1');

const authenticator = (given: Partial<JwtAuthenticatorOptions> = {}) =>
  jwtAuthenticator({
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    keys: { jwks: { keys: [key.jwk] } },
    cache: false,
    ...given,
  });

/** What a token is refused with. */
async function refusal(token: string, given: Partial<JwtAuthenticatorOptions> = {}): Promise<StatusError> {
  const outcome = await Promise.resolve()
    .then(() => authenticator(given)(bearer(token)))
    .catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(StatusError);
  return outcome as StatusError;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a good token', () => {
  test('gives subject, roles, scopes and all claims', async () => {
    const token = signed(key, claims({ roles: ['admin', 7], scope: 'read  write', user_id: 42, email: 'a@b.example' }));
    expect(await authenticator()(bearer(token))).toMatchObject({
      subject: 'user-1',
      scheme: 'bearer',
      roles: ['admin'],
      scopes: ['read', 'write'],
      claims: { user_id: 42, email: 'a@b.example', iss: ISSUER },
    });
  });

  test('is accepted in whatever case the scheme is written', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect(await authenticator()(callWith(`${scheme} ${signed(key)}`))).toMatchObject({ subject: 'user-1' });
    }
  });

  test('is accepted with each form of keys', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const withPem = authenticator({ keys: { publicKeyPem: key.publicPem } });
    const withSecret = authenticator({ keys: { secret: SECRET }, algorithms: ['HS256'] });
    const withBytes = authenticator({ keys: { secret: Buffer.from(SECRET) }, algorithms: ['HS256'] });
    expect(() => authenticator({ keys: { publicKeyPem: pem }, algorithms: ['RS256', 'PS512'] })).not.toThrow();
    expect(await withPem(bearer(signed(key)))).toMatchObject({ subject: 'user-1' });
    expect(await withSecret(bearer(macced(SECRET)))).toMatchObject({ subject: 'user-1' });
    expect(await withBytes(bearer(macced(SECRET)))).toMatchObject({ subject: 'user-1' });
  });

  test('for one of several audiences, theirs or ours', async () => {
    const several = authenticator({ audience: ['api', AUDIENCE] });
    expect(await several(bearer(signed(key)))).toBeDefined();
    expect(await authenticator()(bearer(signed(key, claims({ aud: ['other', AUDIENCE] }))))).toBeDefined();
  });

  test('without a key id is tried with the keys that suit', async () => {
    const keys = { jwks: { keys: [makeKey('key-0').jwk, key.jwk] } };
    const token = signed(key, claims(), { kid: undefined });
    expect(await authenticator({ keys })(bearer(token))).toMatchObject({ subject: 'user-1' });
    expect(await refusal(signed(stranger, claims(), { kid: undefined }), { keys })).toMatchObject({ code: 16 });
  });

  test('within the clock tolerance', async () => {
    const late = signed(key, claims({ exp: secondsFromNow(-5) }));
    const early = signed(key, claims({ nbf: secondsFromNow(5) }));
    const tolerant = authenticator({ clockToleranceMs: 10_000 });
    expect(await tolerant(bearer(late))).toBeDefined();
    expect(await tolerant(bearer(early))).toBeDefined();
  });

  test('of the type asked for', async () => {
    const typed = authenticator({ typ: 'at+jwt' });
    expect(await typed(bearer(signed(key, claims(), { typ: 'AT+JWT' })))).toBeDefined();
    expect(await refusal(signed(key, claims(), { typ: 'JWT' }), { typ: 'at+jwt' })).toBeDefined();
    expect(await refusal(signed(key), { typ: 'at+jwt' })).toBeDefined();
  });
});

describe('claimsToIdentity', () => {
  test('adds to what is read by default', async () => {
    const byGroup = authenticator({ claimsToIdentity: ({ groups }) => ({ roles: groups as string[] }) });
    const identity = await byGroup(bearer(signed(key, claims({ groups: ['staff'], scope: 'read' }))));
    expect(identity).toMatchObject({ subject: 'user-1', roles: ['staff'], scopes: ['read'] });
  });

  test('does not make up for a missing sub', async () => {
    const claimsToIdentity = () => ({ subject: 'anonymous' });
    expect(await refusal(signed(key, claims({ sub: undefined })), { claimsToIdentity })).toMatchObject({ code: 16 });
  });

  test('refuses by throwing, without a word of it to the client', async () => {
    const claimsToIdentity = () => {
      throw new Error('tenant 7 is closed');
    };
    const error = await refusal(signed(key), { claimsToIdentity });
    expect(error).toMatchObject({ code: status.UNAUTHENTICATED, details: 'Invalid credentials' });
  });
});

test('an identity cannot be changed, since calls share it', async () => {
  const identity = (await authenticator()(
    bearer(signed(key, claims({ roles: ['customer'], a: { b: [1] } }))),
  )) as Identity;
  expect(() => (identity.roles as string[]).push('admin')).toThrow(TypeError);
  expect(() => Object.assign(identity, { subject: 'root' })).toThrow(TypeError);
  expect(() => (identity.claims.a as { b: number[] }).b.push(2)).toThrow(TypeError);
});

describe('a bad token', () => {
  const bad: Record<string, () => string> = {
    'without sub': () => signed(key, claims({ sub: undefined })),
    'with an empty sub': () => signed(key, claims({ sub: '' })),
    'with a number for sub': () => signed(key, claims({ sub: 7 })),
    'without exp': () => signed(key, claims({ exp: undefined })),
    'with exp as text': () => signed(key, claims({ exp: '2999-01-01' })),
    'that has expired': () => signed(key, claims({ exp: secondsFromNow(-1) })),
    'that is not valid yet': () => signed(key, claims({ nbf: secondsFromNow(60) })),
    'without iss': () => signed(key, claims({ iss: undefined })),
    'of another issuer': () => signed(key, claims({ iss: `${ISSUER}/` })),
    'of several issuers': () => signed(key, claims({ iss: [ISSUER] })),
    'without aud': () => signed(key, claims({ aud: undefined })),
    'for another audience': () => signed(key, claims({ aud: ['shops'] })),
    'of another key': () => signed(stranger),
    'of an unknown key id': () => signed(key, claims(), { kid: 'key-2' }),
    'with alg none': () => signed(key, claims(), { alg: 'none' }),
    'with alg none and no signature': () => signed(key, claims(), { alg: 'none' }).replace(/[^.]+$/, ''),
    'with another alg': () => signed(key, claims(), { alg: 'ES384' }),
    'signed with the public key as if it were a secret': () => macced(key.publicPem, claims(), { kid: key.kid }),
    'with an unknown critical header': () => signed(key, claims(), { crit: ['x'], x: 1 }),
    'with an unencoded payload': () => signed(key, claims(), { crit: ['b64'], b64: false }),
    'that brings its own key': () => signed(stranger, claims(), { jwk: stranger.jwk, kid: undefined }),
    'that is no token': () => 'x',
    'with too few parts': () => signed(key).replace(/\.[^.]*$/, ''),
    'with too many parts': () => `${signed(key)}.x.y`,
    'with spaces': () => ` ${signed(key)}`,
    'twice in one value': () => `${signed(key)}, Bearer ${signed(key)}`,
  };

  test.each(Object.keys(bad))('%s is UNAUTHENTICATED', async (name) => {
    const token = bad[name]!();
    const error = await refusal(token);
    expect(error).toMatchObject({ code: status.UNAUTHENTICATED, details: 'Invalid credentials' });
    expect(error.metadata.get('www-authenticate')[0]).toMatch(/^Bearer realm="grpc", error="invalid_(token|request)"$/);
    // The reason says which check it was, and holds nothing of the token.
    const reason = (error.cause as Error).stack!;
    expect((error.cause as Error).cause).toBeUndefined();
    for (const part of token.split('.').filter((each) => each.length > 8)) expect(reason).not.toContain(part);
  });

  test('with an algorithm that its key could do, but that was not named', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const given = { keys: { jwks: { keys: [publicKey.export({ format: 'jwk' })] } }, algorithms: ['PS256'] as const };
    const input = [{ alg: 'RS256' }, claims()].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    const signature = sign('sha256', Buffer.from(input.join('.')), privateKey).toString('base64url');
    const token = [...input, signature].join('.');
    expect(((await refusal(token, given)).cause as Error).message).toContain('ERR_JOSE_ALG_NOT_ALLOWED');
    expect(await authenticator({ ...given, algorithms: ['RS256'] })(bearer(token))).toBeDefined();
  });

  test('tells operators why', async () => {
    const reason = async (token: string) => ((await refusal(token)).cause as Error).message;
    expect(await reason(bad['that has expired']!())).toBe('"exp" claim timestamp check failed (ERR_JWT_EXPIRED)');
    expect(await reason(bad['for another audience']!())).toContain('"aud"');
    expect(await reason(bad['of another key']!())).toContain('signature');
  });

  test('with an infinite exp is not one for ever', async () => {
    const key256 = Buffer.from(SECRET);
    const body = Buffer.from(`{"iss":"${ISSUER}","aud":"${AUDIENCE}","sub":"u","exp":1e999}`).toString('base64url');
    const input = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${body}`;
    const token = `${input}.${createHmac('sha256', key256).update(input).digest('base64url')}`;
    const given = { keys: { secret: key256 }, algorithms: ['HS256'] as const };
    expect(((await refusal(token, given)).cause as Error).message).toContain('finite');
  });

  test('longer than allowed is refused before any work', async () => {
    const find = vi.spyOn(JSON, 'parse');
    const token = signed(key, claims({ blob: 'x'.repeat(100_000) }));
    find.mockClear();
    expect(((await refusal(token)).cause as Error).message).toBe('a token of more than 8192 characters');
    expect(find).not.toHaveBeenCalled();
    find.mockRestore();
    expect(await authenticator({ maxTokenLength: 200_000 })(bearer(token))).toBeDefined();
  });
});

describe('the authorization header', () => {
  test('that is missing, or of another scheme, is none of ours', () => {
    expect(authenticator()(callWith())).toBeUndefined();
    expect(authenticator()(callWith('Basic dXNlcjpwYXNz'))).toBeUndefined();
    expect(authenticator()(callWith('BearerToken x'))).toBeUndefined();
  });

  test('with several values is refused, even if they are the same', () => {
    const value = `Bearer ${signed(key)}`;
    expect(() => authenticator()(callWith(value, value))).toThrow(expect.objectContaining({ code: 16 }) as Error);
  });

  test.each(['Bearer', 'Bearer '])('%j without a token is refused', async (value) => {
    const outcome = await Promise.resolve()
      .then(() => authenticator()(callWith(value)))
      .catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: status.UNAUTHENTICATED });
  });
});

describe('at construction', () => {
  const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const wrong: Record<string, [Partial<Record<keyof JwtAuthenticatorOptions, unknown>>, RegExp]> = {
    'no issuer': [{ issuer: '' }, /issuer must be a non-empty string/],
    'no audience': [{ audience: [] }, /audience must be/],
    'no algorithms': [{ algorithms: [] }, /algorithms must be a non-empty list/],
    'algorithm none': [{ algorithms: ['none'] }, /algorithms must be a non-empty list/],
    'algorithms of both kinds': [{ algorithms: ['HS256', 'ES256'] }, /never both/],
    'a secret for ES256': [{ keys: { secret: SECRET } }, /keys must be public keys, as ES256 wants/],
    'a public key for HS256': [{ algorithms: ['HS256'], keys: { publicKeyPem: key.publicPem } }, /must be a secret/],
    'a key set at a URL for HS256': [
      { algorithms: ['HS256'], keys: { jwksUri: 'https://issuer.example' } },
      /must be a secret/,
    ],
    'a short secret': [{ algorithms: ['HS256'], keys: { secret: 'tiny' } }, /at least 32 bytes for HS256, got 4/],
    'a secret too short for one': [
      { algorithms: ['HS256', 'HS512'], keys: { secret: SECRET } },
      /at least 64 bytes .* got 32/,
    ],
    'a key on another curve': [
      { keys: { publicKeyPem: p384.publicKey.export({ type: 'spki', format: 'pem' }) } },
      /ES256 takes a key on curve/,
    ],
    'a key of another type': [{ algorithms: ['RS256'], keys: { publicKeyPem: key.publicPem } }, /type rsa/],
    'a short RSA key': [
      { algorithms: ['RS256'], keys: { publicKeyPem: rsa1024.export({ type: 'spki', format: 'pem' }) } },
      /2048 bits/,
    ],
    'a private key': [
      { keys: { publicKeyPem: key.privateKey.export({ type: 'pkcs8', format: 'pem' }) } },
      /got a private key/,
    ],
    'no key at all': [{ keys: { publicKeyPem: 'x' } }, /publicKeyPem must be a public key or certificate in PEM/],
    'no keys': [{ keys: {} }, /keys must be an object with one of/],
    'two forms of keys': [
      { keys: { secret: SECRET, jwks: { keys: [key.jwk] } } },
      /keys must be an object with one of/,
    ],
    'a key set without a fitting key': [{ algorithms: ['ES256', 'RS256'] }, /a key for RS256/],
    'a key set with a private key': [
      { keys: { jwks: { keys: [p384.privateKey.export({ format: 'jwk' })] } } },
      /keys\[0\] must be a public key/,
    ],
    'a key set with a broken key': [{ keys: { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x' }] } } }, /valid RSA/],
    'no key set': [{ keys: { jwks: [] } }, /must be a JSON Web Key Set/],
    'a key server over plain http': [{ keys: { jwksUri: 'http://issuer.example/' } }, /must be https/],
    'a key server that is no URL': [{ keys: { jwksUri: 'issuer.example' } }, /http\(s\) URL/],
    'a key server with a password': [{ keys: { jwksUri: 'https://a:b@issuer.example' } }, /without a user/],
    'a tolerance of an hour': [{ clockToleranceMs: 3_600_000 }, /clockToleranceMs must be a number from 0 to 300000/],
    'a realm with quotes': [{ realm: '"' }, /realm must be printable/],
    'a cache without room': [{ cache: { maxEntries: 0 } }, /cache\.maxEntries/],
    'claimsToIdentity that is no function': [{ claimsToIdentity: 'sub' }, /claimsToIdentity must be a function/],
  };

  test.each(Object.keys(wrong))('%s is refused', (name) => {
    const [given, message] = wrong[name]!;
    expect(() => authenticator(given as Partial<JwtAuthenticatorOptions>)).toThrow(TypeError);
    expect(() => authenticator(given as Partial<JwtAuthenticatorOptions>)).toThrow(message);
  });

  test('an error shows no secret', () => {
    const secret = 'hunter2-hunter2';
    expect(() => authenticator({ algorithms: ['HS256'], keys: { secret } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }) as Error,
    );
  });
});
