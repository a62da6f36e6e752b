import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { quantile, Tally } from './tally.js';

test('counts of any number of calls have one size, and can be summed up', () => {
  const [one, other] = [new Tally(), new Tally()];
  for (let ms = 1; ms <= 100; ms++) one.add(status.OK, ms);
  for (let calls = 0; calls < 100; calls++) other.add(status.UNAVAILABLE, 1_000, true);
  one.addAll(structuredClone({ ...other }));

  expect(one).toMatchObject({ calls: 200, failed: 100, retries: 100 });
  expect(one.latencies).toHaveLength(new Tally().latencies.length);
});

test('quantiles are right to a tenth', () => {
  const tally = new Tally();
  for (let ms = 1; ms <= 1_000; ms++) tally.add(status.OK, ms);

  expect(quantile(tally, 0.5) / 500).toBeCloseTo(1, 0.7);
  expect(quantile(tally, 0.99) / 990).toBeCloseTo(1, 0.7);
  expect(quantile(new Tally(), 0.99)).toBe(0);
});

test('what a client did wrong is no failure of the server', () => {
  const tally = new Tally();
  for (const code of [status.NOT_FOUND, status.INVALID_ARGUMENT, status.CANCELLED]) tally.add(code, 1);
  expect(tally.failed).toBe(0);
});
