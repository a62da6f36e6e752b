import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import type { CallEnd } from '../core/hooks.js';
import { failuresAndOneIn } from './sample.js';

const end = (code: status): CallEnd => ({ code, details: '', durationMs: 1, received: 1, sent: 1, origin: 'handler' });

test('all failures and exactly one success in n', () => {
  const sample = failuresAndOneIn(10);
  let successes = 0;
  for (let i = 0; i < 100; i++) {
    if (sample(end(status.OK))) successes++;
    expect(sample(end(status.NOT_FOUND))).toBe(true);
  }
  expect(successes).toBe(10);
});

test('the first success is kept', () => {
  expect(failuresAndOneIn(1000)(end(status.OK))).toBe(true);
});

test.each([0, -1, 1.5, NaN, '3' as never])('%s is no n', (n) => {
  expect(() => failuresAndOneIn(n)).toThrow('failuresAndOneIn: n must be an integer of at least 1');
});
