import { expect, test } from 'vitest';
import { formatCents, fromCents, toCents } from './money.js';

test.each([
  [19.99, 1999],
  [1.005, 101],
  [0.1 + 0.2, 30],
  [1_000_000, 100_000_000],
  [4.35, 435],
])('%d is %d cents', (amount, cents) => {
  expect(toCents(amount)).toBe(cents);
});

test('every price up to a thousand survives the way over the wire and back', () => {
  for (let cents = 0; cents <= 100_000; cents++) expect(toCents(fromCents(cents))).toBe(cents);
});

test('people read dollars', () => {
  expect(formatCents(129_900)).toBe('$1,299.00');
});
