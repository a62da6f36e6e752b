import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { collectGarbage } from '../../test/support/collect-garbage.js';
import type { Identity } from '../core/shared/identity.js';
import { CredentialsError } from './failures.js';
import type { KeySource } from './key-source.js';
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
/** What brings a token. */
let metadata: object;
const identityOf = (token: string): Identity | Promise<Identity> => cache.identityOf(token, metadata);
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: START });
  verify.mockClear();
  keys.version = 1;
  metadata = {};
  cache = new TokenCache(verify, keys, 60_000, 3);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('a remembered token is verified once, and then costs no promise', async () => {
  const first = await identityOf('good');
  expect(identityOf('good')).toBe(first);
  expect(verify).toHaveBeenCalledTimes(1);
});

test('calls that come with one token at the same time share its verification', async () => {
  const all = await Promise.all([identityOf('good'), identityOf('good'), identityOf('good')]);
  expect(new Set(all).size).toBe(1);
  const bad = await Promise.allSettled([identityOf('bad'), identityOf('bad')]);
  expect(bad.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(verify).toHaveBeenCalledTimes(2);
});

test('a token that was shown a moment ago is not even looked up', async () => {
  const get = vi.spyOn(LRUCache.prototype, 'get');
  await identityOf('good');
  await identityOf('good');
  get.mockClear();
  expect(identityOf('good')).toMatchObject({ subject: 'good' });
  expect(get).not.toHaveBeenCalled();
  expect(identityOf('good; not quite')).toBeInstanceOf(Promise);
});

test('tokens that end alike are told apart', async () => {
  for (let turn = 0; turn < 3; turn++) {
    for (const token of ['good a.xyz', 'good b.xyz']) expect(await identityOf(token)).toMatchObject({ subject: token });
  }
});

test('no token outlives the memory of what brought it', async () => {
  await identityOf('good');
  await identityOf('good');
  const brought = new WeakRef(metadata);
  const get = vi.spyOn(LRUCache.prototype, 'get');
  metadata = {};
  await collectGarbage();
  expect(brought.deref()).toBeUndefined();
  expect(identityOf('good')).toMatchObject({ subject: 'good' });
  expect(get).toHaveBeenCalled();
});

test('a failure is forgotten', async () => {
  for (let i = 0; i < 3; i++) await expect(identityOf('bad')).rejects.toThrow('bad');
  expect(verify).toHaveBeenCalledTimes(3);
  expect(cache.size).toBe(0);
});

test('bad tokens drive out no good one', async () => {
  await identityOf('good');
  await Promise.allSettled(Array.from({ length: 1_000 }, async (_, i) => identityOf(`bad ${i}`)));
  expect(identityOf('good')).toMatchObject({ subject: 'good' });
  expect(cache.size).toBe(1);
});

describe('a token is verified again', () => {
  const shownOften = async (token: string): Promise<void> => {
    for (let turn = 0; turn < 3; turn++) await identityOf(token);
  };

  test('after maxAgeMs', async () => {
    await shownOften('good');
    vi.advanceTimersByTime(59_999);
    expect(identityOf('good')).not.toBeInstanceOf(Promise);
    vi.advanceTimersByTime(1);
    expect(identityOf('good')).toBeInstanceOf(Promise);
  });

  test('at its expiry, if that comes first', async () => {
    verify.mockResolvedValueOnce({ identity: identity('good'), expiresAt: START + 5_000 });
    await shownOften('good');
    vi.advanceTimersByTime(4_999);
    expect(identityOf('good')).not.toBeInstanceOf(Promise);
    vi.advanceTimersByTime(1);
    expect(identityOf('good')).toBeInstanceOf(Promise);
  });

  test('after maxAgeMs though the clock was set back', async () => {
    await shownOften('good');
    vi.advanceTimersByTime(60_000);
    vi.setSystemTime(START - 3_600_000);
    expect(identityOf('good')).toBeInstanceOf(Promise);
  });

  test('when the keys were replaced', async () => {
    await shownOften('good');
    keys.version++;
    expect(identityOf('good')).toBeInstanceOf(Promise);
  });

  test('when the keys were replaced while it was verified', async () => {
    const verification = identityOf('good');
    keys.version++;
    await verification;
    expect(cache.size).toBe(0);
  });
});

test('the least recently used token goes when the cache is full', async () => {
  for (const token of ['good 1', 'good 2', 'good 3']) await identityOf(token);
  await identityOf('good 1');
  await identityOf('good 4');
  expect(cache.size).toBe(3);
  expect(identityOf('good 1')).not.toBeInstanceOf(Promise);
  expect(identityOf('good 2')).toBeInstanceOf(Promise);
});

test('a token is remembered by its SHA-256 alone', async () => {
  const set = vi.spyOn(LRUCache.prototype, 'set');
  await identityOf('good.secret.token');
  expect(set.mock.lastCall).toEqual([hash('sha256', 'good.secret.token', 'base64'), expect.anything()]);
});
