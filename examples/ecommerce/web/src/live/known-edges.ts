import { effect, signal } from '@preact/signals';
import type { Edge } from '../../../src/gateway/contract.js';
import { snapshot } from './feed.js';

/** Every edge that was used since the page was opened: one without calls rests, and stays on the map. */
export const knownEdges = signal<readonly Edge[]>([]);

effect(() => {
  const present = snapshot.value?.edges ?? [];
  const used = new Set(present.map(nameOf));
  const resting = knownEdges.peek().filter((edge) => !used.has(nameOf(edge)));
  knownEdges.value = [...present, ...resting.map(atRest)].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
});

function atRest({ from, to }: Edge): Edge {
  return { from, to, callsPerSecond: 0, errorRate: 0, p50Ms: 0, p99Ms: 0, retriesPerSecond: 0 };
}

function nameOf({ from, to }: Edge): string {
  return `${from} ${to}`;
}
