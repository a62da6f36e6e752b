import { effect, signal } from '@preact/signals';
import type { CallSummary } from '../../../src/gateway/contract.js';
import { snapshot } from './feed.js';

/** How many calls are kept: no list on the page grows for ever. */
const KEPT_CALLS = 400;

/** The last calls, the newest first. */
const recentCalls = signal<readonly CallSummary[]>([]);

/** How many calls since the page was opened were too many to list. */
export const unlisted = signal(0);

/** While it is, the list stands still. */
export const paused = signal(false);

/** Somebody reads or is about to open a row: rows do not run away from the pointer. */
export const held = signal(false);

/** The calls to be shown: the last ones, or those that were the last when the list was stopped. */
export const shownCalls = signal<readonly CallSummary[]>([]);

// Twice a second, whatever the number of calls: that is the pace of the snapshots.
effect(() => {
  const { calls, unseen } = snapshot.value ?? { calls: [], unseen: 0 };
  unlisted.value = unlisted.peek() + unseen;
  recentCalls.value = [...calls.toReversed(), ...recentCalls.peek()].slice(0, KEPT_CALLS);
});

effect(() => {
  if (!paused.value && !held.value) shownCalls.value = recentCalls.value;
});
