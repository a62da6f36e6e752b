import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { onAbort } from './on-abort.js';

test('calls back everyone with one listener, once', () => {
  const controller = new AbortController();
  const called: number[] = [];
  for (let i = 0; i < 20; i++) onAbort(controller.signal, () => called.push(i));
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  controller.abort();
  expect(called).toHaveLength(20);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

test('who was taken back is not called, and the last one takes the listener along', () => {
  const controller = new AbortController();
  const called: string[] = [];
  const takeBack = onAbort(controller.signal, () => called.push('first'));
  const takeBackToo = onAbort(controller.signal, () => called.push('second'));
  takeBack();
  takeBack();
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  takeBackToo();
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  onAbort(controller.signal, () => called.push('third'));
  takeBackToo();
  controller.abort();
  expect(called).toEqual(['third']);
});

test('a callback may take another back while they are called', () => {
  const controller = new AbortController();
  const called: string[] = [];
  const taken: { back?: () => void } = {};
  onAbort(controller.signal, () => (called.push('first'), taken.back?.()));
  taken.back = onAbort(controller.signal, () => called.push('second'));
  controller.abort();
  expect(called).toEqual(['first']);
});
