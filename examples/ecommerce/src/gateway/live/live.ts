import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { checkHealth } from 'grpc-js-middleware/health';
import type { Replica } from '../../plan.js';
import type { Batch } from '../../telemetry/batch.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { TraceRecord } from '../../telemetry/traces.js';
import { MAX_CALLS, type CallDetail, type LiveSnapshot, type ReplicaState } from '../contract.js';
import { detailOf } from './detail.js';
import { snapshotOf, type Present } from './snapshot.js';

/** The processes of services, as far as one looks at them. */
export interface Watched {
  readonly accidents: Present['accidents'];
  telemetry(share: number): Promise<Batch[]>;
  trace(traceId: string): Promise<TraceRecord[]>;
}

export interface LiveOptions {
  readonly processes: Watched;
  /** Of the gateway itself, which calls for customers. */
  readonly own: Telemetry;
  readonly replicas: readonly Replica[];
  readonly credentials?: ChannelCredentials;
  /** What was broken on purpose. */
  readonly broken: () => Pick<LiveSnapshot, 'faults' | 'load'>;
}

const INTERVAL_MS = 500;
/** A busy replica is not one that is gone. */
const HEALTH_TIMEOUT_MS = 2_000;

/** Looks at the shop for everybody who does, and not at all while nobody does. */
export class Live {
  private watchers = 0;
  private looking = false;
  private next = newSnapshot();
  private share = 1;
  private takenAt = 0;
  private readonly health = new Map<string, ReplicaState['health']>();
  private readonly asked = new Set<string>();
  private readonly breakers = new Map<string, LiveSnapshot['breakers']>();

  constructor(private readonly options: LiveOptions) {}

  /** Each snapshot as it is taken; a reader that is slower than that is given the newest. */
  async *watch(): AsyncGenerator<LiveSnapshot> {
    this.watchers++;
    try {
      if (!this.looking) void this.look();
      for (;;) yield await this.next.promise;
    } finally {
      this.watchers--;
    }
  }

  /** What is remembered of a trace. */
  async detail(traceId: string): Promise<CallDetail | undefined> {
    const { processes, own } = this.options;
    const records = [own.trace(traceId), ...(await processes.trace(traceId))];
    return detailOf(records.filter((record) => record !== undefined));
  }

  private async look(): Promise<void> {
    this.looking = true;
    this.share = 1;
    await this.take(this.share); // begins; what was before is nobody's
    while (this.watchers > 0) {
      await delay(INTERVAL_MS, undefined, { ref: false });
      const { promise: _promise, resolve } = this.next;
      const snapshot = await this.snapshot();
      this.next = newSnapshot();
      resolve(snapshot);
    }
    this.looking = false;
    await this.take(0);
  }

  private async snapshot(): Promise<LiveSnapshot> {
    const { processes, replicas, broken } = this.options;
    const began = this.takenAt;
    const [batches] = await Promise.all([this.take(this.share), this.checkHealth()]);
    for (const { process, breakers } of batches)
      this.breakers.set(
        process,
        breakers.map((breaker) => ({ owner: process, ...breaker })),
      );
    const snapshot = snapshotOf(batches, {
      at: this.takenAt,
      intervalMs: this.takenAt - began,
      breakers: [...this.breakers.values()].flat(),
      ...broken(),
      replicas,
      health: this.health,
      accidents: processes.accidents,
    });
    this.share = shareFor(snapshot.calls.length + snapshot.unseen);
    return snapshot;
  }

  private async take(share: number): Promise<Batch[]> {
    const { processes, own } = this.options;
    const mine = own.take(share);
    this.takenAt = Date.now();
    const theirs = await processes.telemetry(share);
    return mine === undefined ? theirs : [mine, ...theirs];
  }

  /** Asks each replica at its own pace: one that is slow to answer holds up neither the picture nor the others. */
  private async checkHealth(): Promise<void> {
    const { replicas, credentials } = this.options;
    const asked = replicas
      .filter(({ name }) => !this.asked.has(name))
      .map(async ({ name, address }) => {
        this.asked.add(name);
        const status = await checkHealth(address, { timeoutMs: HEALTH_TIMEOUT_MS, credentials }).catch(() => undefined);
        this.health.set(name, healthOf(status));
        this.asked.delete(name);
      });
    if (this.health.size === 0) await Promise.all(asked); // the first picture knows all
  }
}

function healthOf(status: string | undefined): ReplicaState['health'] {
  if (status === undefined) return 'UNREACHABLE';
  return status === 'SERVING' ? 'SERVING' : 'NOT_SERVING';
}

/** So many traces are kept that about all of them can be listed. In halves, so that it does not change all the time. */
function shareFor(calls: number): number {
  return 2 ** Math.min(0, Math.floor(Math.log2(MAX_CALLS / Math.max(calls, 1))));
}

function newSnapshot() {
  let resolve!: (snapshot: LiveSnapshot) => void;
  const promise = new Promise<LiveSnapshot>((settle) => (resolve = settle));
  return { promise, resolve };
}
