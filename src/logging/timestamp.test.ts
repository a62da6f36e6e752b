import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timestamp, timestampOfNow } from './timestamp.js';

const moment = fc.integer({ min: -62_000_000_000_000, max: 250_000_000_000_000 });

test('moments are told as a Date tells them, whatever was told before', () => {
  fc.assert(
    fc.property(fc.array(moment), (moments) => {
      for (const each of moments.flatMap((epochMs) => [epochMs, epochMs + 1, epochMs + 999])) {
        expect(timestampOfNow(each)).toBe(new Date(each).toISOString());
        expect(timestamp(each)).toBe(new Date(each).toISOString());
      }
    }),
  );
});

test('what no Date can say stays a number', () => {
  expect(timestamp(8.7e15)).toBe('8700000000000000');
});
