import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Identity } from '../core/identity.js';
import { CredentialsError } from './failures.js';
import type { KeySource } from './jwt-keys.js';
import type { Verified } from './jwt-verifier.js';
import { TokenCache } from './token-cache.js';

const START = Date.parse('2026-01-01');
const keys = { version: 1, find: () => new Uint8Array() } as { version: number } & KeySource;
const identity = (subject: string): Identity => ({ subject, scheme: 'bearer', roles: [], scopes: [], claims: {} });

/** A verifier that counts, accepts what begins with "good", and takes a turn of the event loop. */
const verify = vi.fn(async (token: string): Promise<Verified> => {
  await new Promise(setImmediate);
  if (!token.startsWith('good')) throw new CredentialsError('bad');
  return { identity: identity(token), expiresAt: START + 600_000 };
});

let cache: TokenCache;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: START });
  verify.mockClear();
  keys.version = 1;
  cache = new TokenCache(verify, keys, 60_000, 3);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('a remembered token is verified once, and then costs no promise', async () => {
  const first = await cache.identityOf('good');
  expect(cache.identityOf('good')).toBe(first);
  expect(verify).toHaveBeenCalledTimes(1);
});

test('calls that come with one token at the same time share its verification', async () => {
  const all = await Promise.all([cache.identityOf('good'), cache.identityOf('good'), cache.identityOf('good')]);
  expect(new Set(all).size).toBe(1);
  const bad = await Promise.allSettled([cache.identityOf('bad'), cache.identityOf('bad')]);
  expect(bad.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(verify).toHaveBeenCalledTimes(2);
});

test('a failure is forgotten', async () => {
  for (let i = 0; i < 3; i++) await expect(cache.identityOf('bad')).rejects.toThrow('bad');
  expect(verify).toHaveBeenCalledTimes(3);
  expect(cache.size).toBe(0);
});

test('bad tokens drive out no good one', async () => {
  await cache.identityOf('good');
  await Promise.allSettled(Array.from({ length: 1_000 }, async (_, i) => cache.identityOf(`bad ${i}`)));
  expect(cache.identityOf('good')).toMatchObject({ subject: 'good' });
  expect(cache.size).toBe(1);
});

describe('a token is verified again', () => {
  test('after maxAgeMs', async () => {
    await cache.identityOf('good');
    vi.advanceTimersByTime(59_999);
    expect(cache.identityOf('good')).not.toBeInstanceOf(Promise);
    vi.advanceTimersByTime(1);
    expect(cache.identityOf('good')).toBeInstanceOf(Promise);
  });

  test('at its expiry, if that comes first', async () => {
    verify.mockResolvedValueOnce({ identity: identity('good'), expiresAt: START + 5_000 });
    await cache.identityOf('good');
    vi.advanceTimersByTime(4_999);
    expect(cache.identityOf('good')).not.toBeInstanceOf(Promise);
    vi.advanceTimersByTime(1);
    expect(cache.identityOf('good')).toBeInstanceOf(Promise);
  });

  test('after maxAgeMs though the clock was set back', async () => {
    await cache.identityOf('good');
    vi.advanceTimersByTime(60_000);
    vi.setSystemTime(START - 3_600_000);
    expect(cache.identityOf('good')).toBeInstanceOf(Promise);
  });

  test('when the keys were replaced', async () => {
    await cache.identityOf('good');
    keys.version++;
    expect(cache.identityOf('good')).toBeInstanceOf(Promise);
  });

  test('when the keys were replaced while it was verified', async () => {
    const verification = cache.identityOf('good');
    keys.version++;
    await verification;
    expect(cache.size).toBe(0);
  });
});

test('the least recently used token goes when the cache is full', async () => {
  for (const token of ['good 1', 'good 2', 'good 3']) await cache.identityOf(token);
  await cache.identityOf('good 1');
  await cache.identityOf('good 4');
  expect(cache.size).toBe(3);
  expect(cache.identityOf('good 1')).not.toBeInstanceOf(Promise);
  expect(cache.identityOf('good 2')).toBeInstanceOf(Promise);
});

test('a token is remembered by its SHA-256 alone', async () => {
  const set = vi.spyOn(LRUCache.prototype, 'set');
  await cache.identityOf('good.secret.token');
  expect(set.mock.lastCall).toEqual([hash('sha256', 'good.secret.token', 'base64'), expect.anything()]);
});
