import { expect, test } from 'vitest';
import { callStorage, tryCurrentCall, type ServerCallContext } from '../core/context.js';
import { budgetCall, detached } from './detached.js';

const served = {} as ServerCallContext;
const other = {} as ServerCallContext;

test('a server call is the budget of the code that works for it', () => {
  expect(budgetCall()).toBeUndefined();
  callStorage.run(served, () => expect(budgetCall()).toBe(served));
});

test('detached code has none, but still works for the call', async () => {
  await callStorage.run(served, () =>
    detached(async () => {
      await Promise.resolve();
      expect(budgetCall()).toBeUndefined();
      expect(tryCurrentCall()).toBe(served);
    }),
  );
});

test('a call that is served inside detached code has its own', () => {
  callStorage.run(served, () =>
    detached(() => {
      callStorage.run(other, () => expect(budgetCall()).toBe(other));
      expect(budgetCall()).toBeUndefined();
    }),
  );
  detached(() => callStorage.run(served, () => expect(budgetCall()).toBe(served)));
});

test('answers what it runs answers', () => {
  expect(detached(() => 7)).toBe(7);
  expect(() =>
    detached(() => {
      throw new Error('boom');
    }),
  ).toThrow('boom');
});
