import { expect, test } from 'vitest';
import { Choices } from './choices.js';
import { shrink } from './shrink.js';

test('a seed makes the same choices each time, and a list of decisions makes those', () => {
  const draw = (choices: Choices): number[] => Array.from({ length: 50 }, () => choices.pick(9, 'a digit', 0.2));
  const first = new Choices(7);
  expect(draw(first)).toEqual(draw(new Choices(7)));
  expect(draw(first)).not.toEqual(draw(new Choices(8)));
  const replayed = new Choices(
    0,
    first.made.map(({ value }) => value),
  );
  expect(draw(replayed)).toEqual(first.made.slice(0, 50).map(({ value }) => value));
});

test('a list of decisions that has run out takes the tamest choice', () => {
  const choices = new Choices(0, [3]);
  expect([choices.pick(4, 'first'), choices.pick(4, 'second'), choices.chance(99, 'third')]).toEqual([3, 0, false]);
});

test('what fails is shrunk to the decisions that it takes', async () => {
  const fails = async (list: readonly number[]): Promise<boolean> => list.includes(7) && list.some((each) => each > 90);
  const noise = Array.from({ length: 60 }, (_, at) => at % 5);
  expect(await shrink([...noise, 7, ...noise, 99, ...noise], fails)).toEqual([7, 91]);
});
