import { effect, signal } from '@preact/signals';
import type { CallSummary } from '../../../src/gateway/contract.js';
import { snapshot } from './feed.js';

/** How many calls are kept: no list on the page grows for ever. */
export const KEPT_CALLS = 400;

/** The last calls, the newest first. */
export const recentCalls = signal<readonly CallSummary[]>([]);

/** How many calls since the page was opened were too many to list. */
export const unlisted = signal(0);

/** While it is, the list stands still. */
export const paused = signal(false);

// Twice a second, whatever the number of calls: that is the pace of the snapshots.
effect(() => {
  const { calls, unseen } = snapshot.value ?? { calls: [], unseen: 0 };
  if (paused.peek()) return;
  unlisted.value = unlisted.peek() + unseen;
  recentCalls.value = [...calls.toReversed(), ...recentCalls.peek()].slice(0, KEPT_CALLS);
});
