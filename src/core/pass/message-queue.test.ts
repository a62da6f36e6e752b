import { expect, test, vi } from 'vitest';
import { MessageQueue } from './message-queue.js';

/** Sends as the passes do: at once while nothing is under way. */
const send = (queue: MessageQueue, task: () => Promise<unknown> | undefined): void =>
  queue.busy ? queue.later(task) : queue.follow(task());
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('messages that come while one takes its time are begun in order, each when the one before has settled', async () => {
  const queue = new MessageQueue();
  const begun: number[] = [];
  const settle: ((value?: unknown) => void)[] = [];
  const slow = (number: number) => () => (begun.push(number), new Promise((resolve) => settle.push(resolve)));
  for (const number of [1, 2, 3, 4]) send(queue, slow(number));
  for (let done = 1; done <= 4; done++) {
    expect(begun).toHaveLength(done);
    settle.shift()!();
    await turn();
  }
  expect(begun).toEqual([1, 2, 3, 4]);
  expect(queue.busy).toBe(false);
});

test('messages that come after the first of several has settled wait for those before them', async () => {
  const queue = new MessageQueue();
  const begun: string[] = [];
  let settle!: () => void;
  send(queue, () => (begun.push('a'), Promise.resolve()));
  send(queue, () => (begun.push('b'), new Promise<void>((resolve) => (settle = resolve))));
  await turn();
  send(queue, () => void begun.push('c'));
  await turn();
  expect(begun).toEqual(['a', 'b']);
  settle();
  await turn();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('what is held waits for proceed', () => {
  const queue = new MessageQueue();
  const begun: string[] = [];
  queue.hold();
  send(queue, () => void begun.push('a'));
  send(queue, () => void begun.push('b'));
  expect(begun).toEqual([]);
  queue.proceed();
  expect(begun).toEqual(['a', 'b']);
  expect(queue.busy).toBe(false);
});

test('an emptied queue runs each task once, even when a task empties it', () => {
  const queue = new MessageQueue();
  const begun: string[] = [];
  queue.hold();
  send(queue, () => (begun.push('a'), queue.empty(), undefined));
  send(queue, () => void begun.push('b'));
  queue.proceed();
  expect(begun).toEqual(['a', 'b']);
  expect(queue.busy).toBe(false);
});

test.each([
  ['throws', () => raise()],
  ['rejects', () => Promise.reject(new Error('mine'))],
])("an error of the application's is uncaught when a task %s, and holds nothing up", async (_, task) => {
  const queue = new MessageQueue();
  const begun: string[] = [];
  const uncaught = vi.spyOn(process, 'nextTick').mockImplementation((run) => {
    expect(run).toThrow('mine');
    begun.push('uncaught');
  });
  queue.hold();
  send(queue, task);
  send(queue, () => void begun.push('next'));
  queue.proceed();
  await Promise.resolve();
  uncaught.mockRestore();
  expect(begun).toEqual(['uncaught', 'next']);
});

function raise(): never {
  throw new Error('mine');
}
