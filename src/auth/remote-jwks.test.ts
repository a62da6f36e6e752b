import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findDetail } from '../core/status/find-detail.js';
import { StatusError } from '../core/status/status-error.js';
import { EchoRequest, startTestServer } from '../testing/index.js';
import { allow } from './allow.js';
import { answering, startKeyServer, type KeyServer } from './fixtures/key-server.js';
import {
  AUDIENCE,
  ISSUER,
  bearer,
  bearerMetadata,
  claims,
  makeKey,
  secondsFromNow,
  signed,
} from './fixtures/tokens.js';
import { jwtAuthenticator } from './jwt-authenticator.js';
import { definePolicy } from './policy.js';
import type { RemoteJwks } from './remote-jwks.js';
import { authServerInterceptor } from './server-interceptor.js';
import { until } from '../../test/support/until.js';

const key = makeKey('key-1');
const next = makeKey('key-2');
const MINUTE = 60_000;

let server: KeyServer;
beforeEach(async () => {
  server = await startKeyServer(key.jwk);
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

/** Verifies tokens of this key server, without a cache: every token asks for its key. */
function verifier(given: Partial<RemoteJwks> = {}) {
  const authenticate = jwtAuthenticator({
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    keys: { jwksUri: server.url, ...given },
    cache: false,
  });
  return async (signer = key): Promise<string> => {
    const token = signed(signer, claims({ exp: secondsFromNow(100_000) }));
    try {
      return (await authenticate(bearer(token)))!.subject;
    } catch (error) {
      return status[(error as StatusError).code];
    }
  };
}

/** What a call is refused with while there are no keys. */
async function refusal(given: Partial<RemoteJwks> = {}): Promise<StatusError> {
  const authenticate = jwtAuthenticator({
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    keys: { jwksUri: server.url, ...given },
  });
  return (await Promise.resolve(authenticate(bearer(signed(key)))).catch((error: unknown) => error)) as StatusError;
}

test('keys are fetched once, when they are first needed', async () => {
  const verify = verifier();
  expect(server.requests).toBe(0);
  expect(await Promise.all([verify(), verify(), verify()])).toEqual(['user-1', 'user-1', 'user-1']);
  expect(await verify()).toBe('user-1');
  expect(server.requests).toBe(1);
});

test('keys are fetched anew after refreshMs, and a withdrawn one is refused', async () => {
  const verify = verifier();
  await verify();
  server.publish(next.jwk);
  vi.advanceTimersByTime(10 * MINUTE - 1);
  expect(await verify()).toBe('user-1');
  vi.advanceTimersByTime(1);
  expect(await verify()).toBe('UNAUTHENTICATED');
  expect(await verify(next)).toBe('user-1');
  expect(server.requests).toBe(2);
});

describe('an unknown key id', () => {
  test('asks for new keys, once in cooldownMs', async () => {
    const verify = verifier();
    await verify();
    server.publish(key.jwk, next.jwk);
    expect(await verify(next)).toBe('UNAUTHENTICATED');
    expect(server.requests).toBe(1);
    vi.advanceTimersByTime(30_000);
    expect(await Promise.all([verify(next), verify(next), verify(makeKey('x'))])).toEqual([
      'user-1',
      'user-1',
      'UNAUTHENTICATED',
    ]);
    expect(server.requests).toBe(2);
  });

  test('is UNAVAILABLE while the key server is: it may be a new one', async () => {
    const verify = verifier();
    await verify();
    vi.advanceTimersByTime(30_000);
    server.answer = answering(503);
    expect(await verify(next)).toBe('UNAVAILABLE');
    expect(await verify()).toBe('user-1');
    expect(server.requests).toBe(2);
  });
});

describe('while the key server is down', () => {
  test('calls are UNAVAILABLE with RetryInfo, and nothing is said of the server', async () => {
    server.answer = answering(500);
    const error = await refusal({ initialBackoffMs: 4_000 });
    expect(error).toMatchObject({ code: status.UNAVAILABLE, details: 'Authentication is unavailable' });
    const { retryDelayMs } = findDetail(error, 'retryInfo')!;
    expect(retryDelayMs).toBeGreaterThanOrEqual(4_000);
    expect(retryDelayMs).toBeLessThanOrEqual(4_800);
    expect(error.metadata.get('www-authenticate')).toEqual([]);
    expect((error.cause as Error).message).toContain('answered 500 instead of 200');
  });

  test('the client sees so', async () => {
    server.answer = answering(500);
    const authenticate = jwtAuthenticator({
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ['ES256'],
      keys: { jwksUri: server.url },
    });
    const policy = definePolicy({ '*': allow.authenticated });
    const { client, close } = await startTestServer({
      interceptors: [authServerInterceptor({ authenticate, policy })],
    });
    const call = client.echo(EchoRequest.create({}), { metadata: bearerMetadata(signed(key)) });
    const error = StatusError.from(await call.catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: status.UNAVAILABLE, details: 'Authentication is unavailable' });
    expect(findDetail(error, 'retryInfo')!.retryDelayMs).toBeGreaterThan(0);
    await close();
  });

  test('the last good keys serve until maxStaleMs, and no call waits for a fetch', async () => {
    const verify = verifier({ maxStaleMs: 30 * MINUTE, timeoutMs: 1_000 * MINUTE });
    await verify();
    server.answer = answering(500);
    vi.advanceTimersByTime(10 * MINUTE);
    expect(await verify()).toBe('user-1');
    expect(server.requests).toBe(2);

    // From the second try on: this answer never comes.
    server.answer = () => {};
    vi.advanceTimersByTime(10 * MINUTE);
    expect(await verify()).toBe('user-1');
    await until(() => server.requests === 3);

    vi.advanceTimersByTime(10 * MINUTE);
    server.answer = answering(500);
    const refused = verify();
    await server.close();
    expect(await refused).toBe('UNAVAILABLE');
  });

  test('a storm of calls makes one fetch per back-off step', async () => {
    const verify = verifier({ initialBackoffMs: 1_000, maxBackoffMs: 8_000 });
    server.answer = answering(500);
    const storm = async () => new Set(await Promise.all(Array.from({ length: 200 }, () => verify())));
    // Each step is at most a fifth longer than its nominal length, and never shorter.
    for (const [step, delay] of [1_000, 2_000, 4_000, 8_000, 8_000].entries()) {
      expect(await storm()).toEqual(new Set(['UNAVAILABLE']));
      expect(server.requests).toBe(step + 1);
      vi.advanceTimersByTime(delay - 1);
      await storm();
      expect(server.requests).toBe(step + 1);
      vi.advanceTimersByTime(delay / 5 + 1);
    }
    server.publish(key.jwk);
    expect(await storm()).toEqual(new Set(['user-1']));
    expect(server.requests).toBe(6);
  });

  test('what follows its recovery starts from the first step again', async () => {
    const verify = verifier();
    server.answer = answering(500);
    await verify();
    vi.advanceTimersByTime(1_200);
    server.publish(key.jwk);
    expect(await verify()).toBe('user-1');
    vi.advanceTimersByTime(2 * 60 * MINUTE);
    server.answer = answering(500);
    await verify();
    vi.advanceTimersByTime(1_200);
    await verify();
    expect(server.requests).toBe(4);
  });
});

describe('an answer is refused', () => {
  const reason = async (given: Partial<RemoteJwks> = {}) => ((await refusal(given)).cause as Error).message;

  test('when it comes too late, or stops halfway', async () => {
    server.answer = () => {};
    expect(await reason({ timeoutMs: 50 })).toContain('no answer within 50 ms');
    server.answer = (response) => void response.writeHead(200).write('{"keys":[');
    expect(await reason({ timeoutMs: 50 })).toContain('no answer within 50 ms');
  });

  test('when it is too large, whatever it says of its length', async () => {
    server.answer = (response) => response.end(Buffer.alloc(300_000, ' '));
    expect(await reason()).toContain('answered more than 262144 bytes');
    server.publish(key.jwk);
    expect(await reason({ maxBytes: 10 })).toContain('answered more than 10 bytes');
  });

  test('when it is a redirect, which is not followed', async () => {
    const elsewhere = await startKeyServer(key.jwk);
    server.answer = answering(302, { location: elsewhere.url });
    expect(await reason()).toContain('answered 302 instead of 200, and redirects are not followed');
    expect(elsewhere.requests).toBe(0);
    await elsewhere.close();
  });

  test.each(['', 'null', '[]', '{"keys":{}}', '{"keys":[1]}', '<html>'])('when it is %j', async (body) => {
    server.answer = (response) => response.end(body);
    expect(await reason()).toContain('no JSON Web Key Set');
  });

  test('when nobody answers', async () => {
    await server.close();
    expect(await reason()).toContain('ECONNREFUSED');
  });
});

test('published keys that nobody should use are left out', async () => {
  const leaked = makeKey('leaked');
  const privateJwk = { ...leaked.privateKey.export({ format: 'jwk' }), kid: 'leaked' };
  const oct = { kty: 'oct', k: Buffer.alloc(32).toString('base64url'), kid: 'shared' };
  server.publish(privateJwk, oct, { kty: 'XYZ' }, { ...next.jwk, use: 'enc' }, key.jwk);
  const verify = verifier();
  expect(await verify()).toBe('user-1');
  expect(await verify(leaked)).toBe('UNAUTHENTICATED');
  expect(await verify(next)).toBe('UNAUTHENTICATED');
});

test('an issuer that withdraws all keys is taken at its word', async () => {
  server.publish();
  expect(await verifier()()).toBe('UNAUTHENTICATED');
});

test('the token cache is emptied when keys are replaced', async () => {
  const authenticate = jwtAuthenticator({
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    keys: { jwksUri: server.url, cooldownMs: 0 },
  });
  const old = bearer(signed(key));
  await authenticate(old);
  await authenticate(old);
  expect(authenticate(old)).not.toBeInstanceOf(Promise);
  server.publish(next.jwk);
  await authenticate(bearer(signed(next)));
  await expect(authenticate(old)).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
});
