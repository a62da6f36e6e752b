import { generateKeyPairSync, sign } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isStatusError } from '../core/status/status-error.js';
import { EchoRequest, startTestServer, type TestServer } from '../testing/index.js';
import { allow } from './allow.js';
import type { Authenticate } from './authenticate.js';
import {
  AUDIENCE,
  ISSUER,
  SECRET,
  bearer,
  bearerMetadata,
  claims,
  macced,
  makeKey,
  secondsFromNow,
  signed,
} from './fixtures/tokens.js';
import { jwtAuthenticator } from './jwt-authenticator.js';
import { definePolicy } from './policy.js';
import { authServerInterceptor } from './server-interceptor.js';

const key = makeKey();
const stranger = makeKey();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const good = signed(key);
const goodSecret = macced(SECRET);

const publicVerifier = jwtAuthenticator({
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ['ES256'],
  keys: { jwks: { keys: [key.jwk] } },
});
const secretVerifier = jwtAuthenticator({
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ['HS256'],
  keys: { secret: SECRET },
});

/** Random numbers that are the same in every run, so that a failure can be looked at (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url');
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const UNICODE = ['é', '☃', '🔑', '\u0000', '\u202e', '\ud800', 'ß', '\uffff', '.', ' ', '=', '+', '/'];

type Random = (below: number) => number;
const kinds: Record<string, (random: Random, token: string) => string> = {
  'one character changed': (random, token) => {
    const at = random(token.length);
    return `${token.slice(0, at)}${ALPHABET[random(64)]}${token.slice(at + 1)}`;
  },
  truncated: (random, token) => token.slice(0, random(token.length)),
  'with something put in': (random, token) => {
    const at = random(token.length);
    return `${token.slice(0, at)}${UNICODE[random(UNICODE.length)]}${token.slice(at)}`;
  },
  'with its parts mixed': (random, token) => {
    const parts = token.split('.');
    return [parts[random(3)], parts[random(3)], parts[random(3)], ...(random(2) ? [parts[random(3)]] : [])].join('.');
  },
  'with a bit of its signature turned': (random, token) => {
    const end = token.lastIndexOf('.') + 1;
    const signature = Buffer.from(token.slice(end), 'base64url');
    const at = random(signature.length);
    signature[at] = signature[at]! ^ (1 << random(8));
    return `${token.slice(0, end)}${encode(signature)}`;
  },
  're-signed by a stranger': (random) => signed(stranger, claims({ sub: `user-${random(1e6)}` })),
  'with other claims and the old signature': (random, token) => {
    const [head, , signature] = token.split('.');
    return `${head}.${encode(JSON.stringify(claims({ sub: 'admin', n: random(1e9) })))}.${signature}`;
  },
  'with the algorithm swapped': (random, token) => {
    const algorithm = ['none', 'None', 'NONE', 'nOnE', '', 'HS256', 'HS512', 'RS256', 'ES384', 'EdDSA', 'es256'][
      random(11)
    ];
    const [, body, signature] = token.split('.');
    return `${encode(JSON.stringify({ alg: algorithm, kid: key.kid }))}.${body}.${random(2) ? signature : ''}`;
  },
  'with the public key as a secret': (random) => {
    const forms = [key.publicPem, key.publicPem.trim(), key.publicKey.export({ type: 'spki', format: 'der' })];
    return macced(forms[random(3)]!, claims(), { kid: key.kid, ...(random(2) ? { alg: 'ES256' } : {}) });
  },
  'signed with RSA': (random) => {
    const input = `${encode(JSON.stringify({ alg: random(2) ? 'RS256' : 'ES256', kid: key.kid }))}.${encode(JSON.stringify(claims()))}`;
    return `${input}.${encode(sign('sha256', Buffer.from(input), rsa.privateKey))}`;
  },
  expired: (random) => signed(key, claims({ exp: secondsFromNow(-1 - random(1e6)) })),
  'not valid yet': (random) => signed(key, claims({ nbf: secondsFromNow(10 + random(1e6)) })),
  'of a wrong issuer': (random) =>
    signed(key, claims({ iss: [null, '', 7, {}, [ISSUER], `${ISSUER}/`, undefined][random(7)] })),
  'for a wrong audience': (random) => signed(key, claims({ aud: [null, '', 7, {}, [], 'SHOP', undefined][random(7)] })),
  'without a sound subject': (random) =>
    signed(key, claims({ sub: [null, '', 7, {}, [], true, undefined][random(7)] })),
  'without a sound expiry': (random) =>
    signed(key, claims({ exp: [null, '', '9e9', {}, [], true, undefined][random(7)] })),
  'with claims that are no object': (random) => signed(key, [[], 7, 'x', null, true][random(5)] as object),
  oversized: (random) => signed(key, claims({ blob: 'x'.repeat(100_000 + random(10)) })),
  'of random bytes': (random) =>
    [1, 2, 3].map(() => encode(Buffer.from([...Array(random(60)).keys()].map(() => random(256))))).join('.'),
  'of odd characters': (random) =>
    Array.from({ length: 1 + random(40) }, () => UNICODE[random(UNICODE.length)]).join(''),
};

/** `accepted`, or what it was refused with; anything else is a crash. */
async function outcomeOf(authenticate: Authenticate, token: string): Promise<string> {
  let call;
  try {
    call = bearer(token);
  } catch {
    return 'no header can hold it';
  }
  try {
    return (await authenticate(call)) === undefined ? 'not seen' : 'accepted';
  } catch (error) {
    return isStatusError(error) ? `${status[error.code]} ${error.details}` : `crashed: ${String(error)}`;
  }
}

const REFUSALS = ['UNAUTHENTICATED Invalid credentials', 'no header can hold it'];

test('the tokens that the bad ones are made of are good', async () => {
  expect(await outcomeOf(publicVerifier, good)).toBe('accepted');
  expect(await outcomeOf(secretVerifier, goodSecret)).toBe('accepted');
});

describe('none of 10,000 bad tokens is accepted, and none crashes:', () => {
  test.each(Object.keys(kinds))('%s', async (kind) => {
    const random = randomFrom(Object.keys(kinds).indexOf(kind));
    const unexpected = [];
    for (let i = 0; i < 520; i++) {
      const [authenticate, from] = i % 2 ? ([secretVerifier, goodSecret] as const) : ([publicVerifier, good] as const);
      const token = kinds[kind]!(random, from);
      if (token === from) continue;
      const outcome = await outcomeOf(authenticate, token);
      if (!REFUSALS.includes(outcome)) unexpected.push(`${outcome}: ${token}`);
    }
    expect(unexpected).toEqual([]);
  });
});

describe('over the wire', () => {
  let running: TestServer;
  const reached: string[] = [];
  beforeAll(async () => {
    const policy = definePolicy({ '*': allow.authenticated });
    running = await startTestServer({
      interceptors: [authServerInterceptor({ authenticate: publicVerifier, policy })],
      handlers: {
        echo: async ({ text }) => {
          reached.push(text);
          return { text, count: 1, payload: Buffer.alloc(0) };
        },
      },
    });
  });
  afterAll(() => running.close());

  test.each(Object.keys(kinds).filter((kind) => kind !== 'oversized'))('%s', async (kind) => {
    const random = randomFrom(7);
    const tokens = Array.from({ length: 5 }, () => kinds[kind]!(random, good)).filter((each) => each !== good);
    for (const token of tokens.filter((each) => /^[\x21-\x7e]+$/.test(each))) {
      const call = running.client.echo(EchoRequest.create({ text: token }), { metadata: bearerMetadata(token) });
      await expect(call).rejects.toMatchObject({ code: status.UNAUTHENTICATED, details: 'Invalid credentials' });
    }
    expect(reached).toEqual([]);
  });

  test('one of 10 KB, which is over our limit and under that of HTTP/2', async () => {
    const token = signed(key, claims({ blob: 'x'.repeat(10_000) }));
    const call = running.client.echo(EchoRequest.create({}), { metadata: bearerMetadata(token) });
    await expect(call).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  test('one of 100 KB, which HTTP/2 does not let through; the next call is answered', async () => {
    const call = running.client.echo(EchoRequest.create({}), { metadata: bearerMetadata('x'.repeat(100_000)) });
    await expect(call).rejects.toThrow();
    const next = running.client.echo(EchoRequest.create({ text: 'hi' }), { metadata: bearerMetadata(good) });
    expect(await next).toMatchObject({ text: 'hi' });
  });
});
