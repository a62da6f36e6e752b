import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Stopwatch } from './stopwatch.js';

let stopwatch: Stopwatch;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  stopwatch = new Stopwatch(2);
});
afterEach(() => vi.useRealTimers());

/** Marks, each so many milliseconds after the one before. */
function marks(...all: readonly [number, number, 'admitted' | 'request' | 'outwards'][]): void {
  for (const [ms, position, phase] of all) {
    vi.advanceTimersByTime(ms);
    stopwatch.mark(position, phase);
  }
}

test('what lies between two marks was spent in the interceptor between them, inwards and outwards', () => {
  marks([9, 0, 'admitted'], [1, 1, 'admitted'], [2, 2, 'admitted']);
  marks([9, 0, 'request'], [3, 1, 'request'], [4, 2, 'request']);
  marks([100, 2, 'outwards'], [5, 1, 'outwards'], [6, 0, 'outwards']);

  expect(stopwatch.spent).toEqual([1 + 3 + 6, 2 + 4 + 5, 100]);
});

test('what an interceptor takes to refuse is its own time', () => {
  marks([0, 0, 'admitted'], [1, 1, 'admitted']);
  marks([7, 1, 'outwards'], [2, 0, 'outwards']);

  expect(stopwatch.spent).toEqual([3, 7, 0]);
});
