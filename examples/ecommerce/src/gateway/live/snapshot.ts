import type { Replica } from '../../plan.js';
import type { Batch, Limited } from '../../telemetry/batch.js';
import { quantile, Tally, type Counts } from '../../telemetry/tally.js';
import { MAX_CALLS, type Edge, type LimitState, type LiveSnapshot, type ReplicaState } from '../contract.js';

/** How things stand beside what the processes tell. */
export interface Present extends Pick<LiveSnapshot, 'at' | 'intervalMs' | 'breakers' | 'faults' | 'load'> {
  readonly replicas: readonly Replica[];
  readonly health: ReadonlyMap<string, ReplicaState['health']>;
  readonly accidents: ReadonlyMap<string, NonNullable<ReplicaState['accident']>>;
}

/** What all processes tell of one interval, on one page. */
export function snapshotOf(batches: readonly Batch[], present: Present): LiveSnapshot {
  const { replicas, health: _health, accidents: _accidents, ...rest } = present;
  const calls = batches.flatMap((batch) => batch.calls).sort((a, b) => a.at - b.at);
  const unseen = batches.reduce((sum, batch) => sum + batch.unseen, 0);
  return {
    ...rest,
    replicas: replicas.map((replica) => stateOf(replica, batches, present)),
    edges: edgesOf(batches, present.intervalMs),
    calls: calls.slice(-MAX_CALLS),
    unseen: unseen + Math.max(0, calls.length - MAX_CALLS),
  };
}

function stateOf({ name, server, address }: Replica, batches: readonly Batch[], present: Present): ReplicaState {
  const served = batches.flatMap((batch) => batch.served).find(({ replica }) => replica === name);
  const { calls, ...rates } = ratesOf(served?.counts ?? new Tally(), present.intervalMs);
  return {
    name,
    server,
    address,
    health: present.health.get(name) ?? 'UNREACHABLE',
    accident: present.accidents.get(name) ?? null,
    inFlight: served?.inFlight ?? 0,
    callsPerSecond: calls,
    errorRate: rates.errorRate,
    p99Ms: rates.p99Ms,
    limits: batches.flatMap((batch) => batch.limits.filter(({ replica }) => replica === name)).map(limitOf),
  };
}

function limitOf({ replica: _replica, ...limit }: Limited): LimitState {
  return limit;
}

/** One edge for each pair, whoever told of it: both ends may have. */
function edgesOf(batches: readonly Batch[], intervalMs: number): Edge[] {
  const edges = new Map<string, { from: string; to: string; counts: Tally }>();
  for (const { from, to, counts } of batches.flatMap((batch) => batch.made)) {
    const edge = edges.get(`${from} ${to}`) ?? { from, to, counts: new Tally() };
    edge.counts.addAll(counts);
    edges.set(`${from} ${to}`, edge);
  }
  return [...edges.values()].map(({ from, to, counts }) => {
    const { calls, retries, ...rates } = ratesOf(counts, intervalMs);
    return { from, to, callsPerSecond: calls, ...rates, retriesPerSecond: retries };
  });
}

function ratesOf(counts: Counts, intervalMs: number) {
  const perSecond = (count: number) => (count * 1_000) / intervalMs;
  return {
    calls: perSecond(counts.calls),
    retries: perSecond(counts.retries),
    errorRate: counts.calls === 0 ? 0 : counts.failed / counts.calls,
    p50Ms: quantile(counts, 0.5),
    p99Ms: quantile(counts, 0.99),
  };
}
