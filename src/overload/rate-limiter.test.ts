import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import fc from 'fast-check';
import { tokenBucketLimiter } from './rate-limiter.js';
import { TokenBucket } from './token-bucket.js';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance', 'Date'] }));
afterEach(() => vi.useRealTimers());

test('a full bucket gives its burst at once, then a token each time that one is filled in', () => {
  const limiter = tokenBucketLimiter({ ratePerSecond: 10, burst: 3 });
  expect([1, 2, 3].map(() => limiter.take('a'))).toEqual([0, 0, 0]);
  expect(limiter.take('a')).toBeCloseTo(100, 6);
  vi.advanceTimersByTime(60);
  expect(limiter.take('a')).toBeCloseTo(40, 6);
  vi.advanceTimersByTime(40);
  expect(limiter.take('a')).toBe(0);
  expect(limiter.take('a')).toBeCloseTo(100, 6);
});

test('a bucket saves up no more than its burst', () => {
  const limiter = tokenBucketLimiter({ ratePerSecond: 10, burst: 2 });
  vi.advanceTimersByTime(60_000);
  expect([1, 2, 3].map(() => limiter.take('a') === 0)).toEqual([true, true, false]);
});

test('who waits exactly as long as told is admitted, whatever the rate', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 10_000, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      (ratePerSecond, burst, startMs) => {
        const bucket = new TokenBucket(1000 / ratePerSecond, burst);
        for (let i = 0; i < burst; i++) expect(bucket.take(startMs)).toBe(0);
        const waitMs = Math.ceil(bucket.take(startMs));
        expect(waitMs).toBeGreaterThan(0);
        expect(bucket.take(startMs + waitMs)).toBe(0);
      },
    ),
  );
});

test('over time no more than the rate and the burst is admitted', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 50, maxLength: 300 }), (gaps) => {
      const bucket = new TokenBucket(10, 5);
      let nowMs = 0;
      let admitted = 0;
      for (const gap of gaps) {
        nowMs += gap;
        if (bucket.take(nowMs) === 0) admitted++;
      }
      expect(admitted).toBeLessThanOrEqual(nowMs / 10 + 5);
    }),
  );
});

test('each key has a bucket of its own', () => {
  const limiter = tokenBucketLimiter({ ratePerSecond: 1, burst: 1 });
  expect(limiter.take('a')).toBe(0);
  expect(limiter.take('a')).not.toBe(0);
  expect(limiter.take('b')).toBe(0);
});

test('the table is bounded: the key unused for the longest time is forgotten and starts full', () => {
  const limiter = tokenBucketLimiter({ ratePerSecond: 1, burst: 1, maxKeys: 2 });
  limiter.take('a');
  limiter.take('b');
  limiter.take('a');
  limiter.take('c');
  expect(limiter.take('a')).not.toBe(0);
  expect(limiter.take('b')).toBe(0);
});

test('a system clock that steps back, or forth, changes nothing', () => {
  const limiter = tokenBucketLimiter({ ratePerSecond: 10, burst: 1 });
  vi.setSystemTime(new Date('2026-06-01'));
  limiter.take('a');
  vi.setSystemTime(new Date('2020-01-01'));
  expect(limiter.take('a')).toBeCloseTo(100, 6);
  vi.setSystemTime(new Date('2030-01-01'));
  expect(limiter.take('a')).toBeCloseTo(100, 6);
});

test.each([
  [{ ratePerSecond: Number.NaN, burst: 1 }, 'ratePerSecond must be a finite number above 0, got NaN'],
  [{ ratePerSecond: 0, burst: 1 }, 'ratePerSecond must be'],
  [{ ratePerSecond: -1, burst: 1 }, 'ratePerSecond must be'],
  [{ ratePerSecond: Infinity, burst: 1 }, 'ratePerSecond must be'],
  [{ ratePerSecond: 1, burst: 0 }, 'burst must be a number from 1'],
  [{ ratePerSecond: 1, burst: Number.NaN }, 'burst must be'],
  [{ ratePerSecond: 1, burst: Infinity }, 'burst must be'],
  [{ ratePerSecond: 1, burst: 1, maxKeys: 0 }, 'maxKeys must be'],
  [{ ratePerSecond: 1, burst: 1, maxKeys: 1.5 }, 'maxKeys must be'],
])('refuses %o', (options, text) => {
  expect(() => tokenBucketLimiter(options)).toThrow(`tokenBucketLimiter: ${text}`);
});
