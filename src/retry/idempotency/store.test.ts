import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { fingerprintOf } from './fingerprint.js';
import type { IdempotencyStore } from '../../core/shared/idempotency-store.js';
import { describeStore } from './fixtures/store-suite.js';
import { memoryIdempotencyStore } from './memory-store.js';
import { decodeOutcome, encodeOutcome, failureOf, statusOf, successOf } from '../../core/shared/idempotency-outcome.js';

describe('fingerprintOf', () => {
  const same: [string, unknown, unknown][] = [
    ['fields in another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['an absent field and an undefined one', { a: 1 }, { a: 1, b: undefined }],
    [
      'maps in another order',
      new Map([
        ['x', 1],
        ['y', 2],
      ]),
      new Map([
        ['y', 2],
        ['x', 1],
      ]),
    ],
    ['sets in another order', new Set([1, 2]), new Set([2, 1])],
    ['bytes in other classes', Buffer.from([1, 2]), new Uint8Array([1, 2])],
    [
      'a class and a plain object',
      new (class {
        a = 1;
      })(),
      { a: 1 },
    ],
  ];
  test.each(same)('is the same for %s', (_, one, other) => {
    expect(fingerprintOf(one)).toBe(fingerprintOf(other));
  });

  const different: [string, unknown, unknown][] = [
    ['a number and its text', { a: 1 }, { a: '1' }],
    ['a number and a bigint', 1, 1n],
    ['lists in another order', [1, 2], [2, 1]],
    ['a list and its text', { a: ['b', 'c'] }, { a: 'b,c' }],
    ['null and the text', null, 'null'],
    ['values that change fields', { a: 'x', b: 'y' }, { a: 'y', b: 'x' }],
    ['dates', new Date(1), new Date(2)],
    ['a map and an object', new Map([['a', 1]]), { a: 1 }],
    ['nesting', { a: { b: 1 } }, { 'a.b': 1 }],
  ];
  test.each(different)('tells apart %s', (_, one, other) => {
    expect(fingerprintOf(one)).not.toBe(fingerprintOf(other));
  });

  test('refuses what has no end', () => {
    const endless: { self?: unknown } = {};
    endless.self = endless;
    expect(() => fingerprintOf(endless)).toThrow(RangeError);
  });
});

describe('outcomes', () => {
  test('survive a column of bytes', () => {
    const trailers = new Metadata();
    trailers.add('note', 'a');
    trailers.add('note', 'b');
    trailers.add('x-bin', Buffer.from([0, 255]));
    const outcome = successOf({ id: 7n, at: new Date(5), bytes: Buffer.from('x'), map: new Map([['k', 1]]) }, trailers);
    const back = decodeOutcome(encodeOutcome(outcome));
    expect(back).toEqual(outcome);
    expect(statusOf(back)).toMatchObject({ code: status.OK, details: 'OK' });
    expect(statusOf(back).metadata.get('note')).toEqual(['a', 'b']);
    expect(statusOf(back).metadata.get('x-bin')).toEqual([Buffer.from([0, 255])]);
    const failure = failureOf({ code: status.NOT_FOUND, details: 'gone', metadata: new Metadata() });
    expect(statusOf(decodeOutcome(encodeOutcome(failure)))).toMatchObject({ code: status.NOT_FOUND, details: 'gone' });
  });
});

describeStore('memoryIdempotencyStore', () => memoryIdempotencyStore());

describe('memoryIdempotencyStore', () => {
  const id = { caller: 'ada', method: '/a.B/C', key: 'k' };
  const terms = { fingerprint: 'f', owner: 'me', leaseMs: 10_000 };
  const big = successOf({ text: 'x'.repeat(50_000) }, undefined);
  const claimAndFinish = async (store: IdempotencyStore, caller: string, key: string) => {
    const claim = await store.claim({ ...id, caller, key }, terms);
    if (claim.state !== 'claimed') return claim.state;
    return store.finish({ ...id, caller, key }, 'me', big, 60_000);
  };

  test('refuses a new key beyond its bound instead of forgetting one that has not expired', async () => {
    const store = memoryIdempotencyStore({ maxEntries: 2, callerShare: 1 });
    for (const key of ['a', 'b']) expect(await store.claim({ ...id, key }, terms)).toEqual({ state: 'claimed' });
    const refused = await store.claim({ ...id, key: 'c' }, terms);
    expect(refused).toMatchObject({ state: 'full' });
    expect((refused as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(10_000);
    expect((await store.claim({ ...id, key: 'a' }, { ...terms, owner: 'other' })).state).toBe('running');
  });

  test('lets no caller use more than its share, and keeps room for the others', async () => {
    const store = memoryIdempotencyStore({ maxEntries: 100 });
    await store.claim({ ...id, caller: 'bob', key: 'order' }, terms);
    await store.finish({ ...id, caller: 'bob', key: 'order' }, 'me', successOf({ charged: 1 }, undefined), 60_000);
    for (let i = 0; i < 10_000; i++) await store.claim({ ...id, caller: 'mallory', key: `${i}` }, terms);
    expect(await store.claim({ ...id, caller: 'bob', key: 'order' }, terms)).toMatchObject({ state: 'finished' });
    expect(await store.claim({ ...id, caller: 'carol' }, terms)).toEqual({ state: 'claimed' });
    expect(await store.claim({ ...id, caller: 'mallory', key: 'more' }, terms)).toMatchObject({ state: 'full' });
  });

  test('is bounded in bytes: what does not fit is not kept, and says so', async () => {
    const store = memoryIdempotencyStore({ maxBytes: 1_000_000, callerShare: 1 });
    const kept: unknown[] = [];
    for (let i = 0; i < 100; i++) kept.push(await claimAndFinish(store, 'ada', `${i}`));
    const outcomes = kept.filter((each) => each === true).length;
    expect(outcomes).toBeGreaterThan(15);
    expect(outcomes).toBeLessThanOrEqual(20);
    expect(kept).toContain(false);
  });

  test('has room again for what expires', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const store = memoryIdempotencyStore({ maxEntries: 1 });
    await store.claim(id, terms);
    expect(await store.claim({ ...id, key: 'next' }, terms)).toEqual({ state: 'full', retryAfterMs: 10_000 });
    vi.advanceTimersByTime(10_001);
    expect(await store.claim({ ...id, key: 'next' }, terms)).toEqual({ state: 'claimed' });
    vi.useRealTimers();
  });
});
