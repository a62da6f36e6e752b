import { expect, test } from 'vitest';
import { Traces } from './traces.js';

const idOf = (n: number) => n.toString(16).padStart(32, '0');

test('memory is bounded: old traces are forgotten, and a trace does not grow for ever', () => {
  const traces = new Traces(1);
  for (let n = 1; n <= 5_000; n++) traces.of(idOf(n));
  for (let lines = 0; lines < 5_000; lines++) traces.of(idOf(5_000))!.addLine('{}');

  expect(traces.find(idOf(1))).toBeUndefined();
  expect(traces.find(idOf(4_500))).toBeDefined();
  expect(traces.find(idOf(5_000))!.lines.length).toBeLessThan(1_000);
});

test('processes that keep the same share keep the same traces', () => {
  const [one, other] = [new Traces(0.25), new Traces(0.25)];
  const ids = Array.from({ length: 400 }, (_, n) => idOf(Math.floor((n / 400) * 2 ** 32)));
  const kept = ids.filter((id) => one.keeps(id));

  expect(kept).toHaveLength(100);
  expect(ids.filter((id) => other.keeps(id))).toEqual(kept);
});
