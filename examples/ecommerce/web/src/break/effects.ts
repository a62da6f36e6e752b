import { effect, signal } from '@preact/signals';
import type { LiveSnapshot } from '../../../src/gateway/contract.js';
import type { Mark } from '../chart/time-chart.js';
import { snapshot } from '../live/feed.js';

/** What a snapshot says of all services together. */
export interface Sample {
  readonly at: number;
  readonly calls: number;
  readonly errors: number;
  readonly refused: number;
  readonly retries: number;
  readonly p99Ms: number;
  readonly openBreakers: number;
}

/** A minute and a half, at two a second. */
const KEPT = 180;
const KEPT_MARKS = 30;

export const samples = signal<readonly Sample[]>([]);

/** What the person did. */
export const marks = signal<readonly Mark[]>([]);

effect(() => {
  if (snapshot.value) samples.value = [...samples.peek(), sampleOf(snapshot.value)].slice(-KEPT);
});

export function mark(what: string): void {
  marks.value = [...marks.peek(), { at: Date.now(), what }].slice(-KEPT_MARKS);
}

function sampleOf({ at, intervalMs, replicas, edges, breakers }: LiveSnapshot): Sample {
  const limits = replicas.flatMap((replica) => replica.limits);
  return {
    at,
    calls: sum(replicas.map(({ callsPerSecond }) => callsPerSecond)),
    errors: sum(replicas.map(({ callsPerSecond, errorRate }) => callsPerSecond * errorRate)),
    refused: sum(limits.map(({ refused }) => (refused * 1_000) / intervalMs)),
    retries: sum(edges.map(({ retriesPerSecond }) => retriesPerSecond)),
    p99Ms: Math.max(0, ...replicas.map(({ p99Ms }) => p99Ms)),
    openBreakers: breakers.filter(({ state }) => state !== 'closed').length,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
