import { getEventListeners } from 'node:events';
import { status } from '@grpc/grpc-js';
import { expect, test, vi } from 'vitest';
import type { ClientCallContext, ServerCallContext } from '../core/context.js';
import { StatusError } from '../core/status/status-error.js';
import { childrenOf, parentEnded } from './children.js';

/** As much of the two contexts as is used. */
function fakeParent() {
  const controller = new AbortController();
  const values = new Map<unknown, unknown>();
  const parent = { signal: controller.signal, get: values.get.bind(values), set: values.set.bind(values) };
  return { parent: parent as unknown as ServerCallContext, abort: (reason: unknown) => controller.abort(reason) };
}
const fakeChild = () => ({ end: vi.fn() }) as unknown as ClientCallContext & { end: ReturnType<typeof vi.fn> };

test('what still runs is ended with its parent, what has ended is forgotten', () => {
  const { parent, abort } = fakeParent();
  const [running, ended] = [fakeChild(), fakeChild()];
  for (const child of [running, ended]) childrenOf(parent).add(child);
  childrenOf(parent).delete(ended);
  expect(getEventListeners(parent.signal, 'abort')).toHaveLength(1);

  abort(new StatusError(status.CANCELLED, 'Cancelled'));
  expect(running.end).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: status.CANCELLED }));
  expect(ended.end).not.toHaveBeenCalled();
  expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
});

test.each([
  [new StatusError(status.DEADLINE_EXCEEDED, 'x'), status.DEADLINE_EXCEEDED],
  [new StatusError(status.CANCELLED, 'x'), status.CANCELLED],
  [new StatusError(status.RESOURCE_EXHAUSTED, 'x'), status.CANCELLED],
  [undefined, status.CANCELLED],
])('a parent that ended with %s ends its children with code %i', (reason, code) => {
  expect(parentEnded(reason).code).toBe(code);
});
