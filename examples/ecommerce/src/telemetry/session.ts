import { MAX_CALLS, type BreakerState, type CallSummary, type LimitState } from '../gateway/contract.js';
import type { Batch } from './batch.js';
import { Tally } from './tally.js';
import { Traces } from './traces.js';

type Limit = LimitState['kind'];

/** What a process gathers from the moment that somebody looks: gone when nobody does any more. */
export class Session {
  readonly traces: Traces;
  private readonly served = new Map<string, { inFlight: number; counts: Tally }>();
  private made = new Map<string, { readonly from: string; readonly to: string; readonly counts: Tally }>();
  private limits = new Map<string, { replica: string; kind: Limit; admitted: number; refused: number }>();
  private calls: CallSummary[] = [];
  private unseen = 0;
  private ids = 0;

  constructor(share: number) {
    this.traces = new Traces(share);
  }

  /** A replica's own counts. */
  replica(name: string): { inFlight: number; counts: Tally } {
    return known(this.served, name, () => ({ inFlight: 0, counts: new Tally() }));
  }

  /** The counts of what one asks of another. */
  edge(from: string, to: string): Tally {
    return known(this.made, `${from} ${to}`, () => ({ from, to, counts: new Tally() })).counts;
  }

  limited(replica: string, kind: Limit, admitted: boolean): void {
    const limit = known(this.limits, `${replica} ${kind}`, () => ({ replica, kind, admitted: 0, refused: 0 }));
    if (admitted) limit.admitted++;
    else limit.refused++;
  }

  /** Lists a call whose trace is kept, as long as there is room; counts the others. */
  list(call: Omit<CallSummary, 'id'>): void {
    const listed = this.calls.length < MAX_CALLS && (call.traceId === '' || this.traces.keeps(call.traceId));
    if (listed) this.calls.push({ ...call, id: `${call.from} ${++this.ids}` });
    else this.unseen++;
  }

  /** What was gathered since the last time. */
  take(process: string, breakers: ReadonlyMap<string, BreakerState['state']>): Batch {
    const batch: Batch = {
      process,
      served: [...this.served].map(([replica, each]) => ({ replica, ...each })),
      made: [...this.made.values()],
      limits: [...this.limits.values()],
      breakers: [...breakers].map(([service, state]) => ({ service, state })),
      calls: this.calls,
      unseen: this.unseen,
    };
    // What runs now will end in the same object, so that objects stay and counts begin again.
    for (const each of this.served.values()) each.counts = new Tally();
    this.made = new Map();
    this.limits = new Map();
    this.calls = [];
    this.unseen = 0;
    return batch;
  }
}

function known<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
