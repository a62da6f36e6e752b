import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { fingerprintOf } from './fingerprint.js';
import { memoryIdempotencyStore } from './memory-store.js';
import { decodeOutcome, encodeOutcome, failureOf, statusOf, successOf } from './outcome.js';

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

describe('memoryIdempotencyStore', () => {
  const id = { caller: '', method: '/a.B/C', key: 'k' };
  const terms = { fingerprint: 'f', owner: 'me', leaseMs: 10_000 };
  const outcome = successOf({}, undefined);

  test('lets one owner claim, and only that one finish or release', async () => {
    const store = memoryIdempotencyStore();
    expect(await store.claim(id, terms)).toEqual({ state: 'claimed' });
    expect(await store.claim(id, { ...terms, owner: 'you' })).toEqual({ state: 'running', fingerprint: 'f' });
    await store.release(id, 'you');
    await store.finish(id, 'you', outcome, 10_000);
    expect(await store.claim(id, terms)).toEqual({ state: 'running', fingerprint: 'f' });
    await store.finish(id, 'me', outcome, 10_000);
    expect(await store.claim(id, terms)).toEqual({ state: 'finished', fingerprint: 'f', outcome });
    await store.release(id, 'me');
    expect(await store.claim(id, terms)).toEqual({ state: 'claimed' });
  });

  test('forgets the longest unused beyond its bound', async () => {
    const store = memoryIdempotencyStore({ maxEntries: 2 });
    for (const key of ['a', 'b', 'c']) await store.claim({ ...id, key }, terms);
    expect((await store.claim({ ...id, key: 'c' }, terms)).state).toBe('running');
    expect((await store.claim({ ...id, key: 'a' }, terms)).state).toBe('claimed');
  });

  test('keeps outcomes for their time', async () => {
    const store = memoryIdempotencyStore();
    await store.claim(id, terms);
    await store.finish(id, 'me', outcome, 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await store.claim(id, terms)).state).toBe('claimed');
  });
});
