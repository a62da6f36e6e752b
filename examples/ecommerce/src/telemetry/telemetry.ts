import type { OverloadObserver } from 'grpc-js-middleware/overload';
import type { BreakerState, LimitState } from '../gateway/contract.js';
import { replicas, type Place } from '../plan.js';
import type { Batch } from './batch.js';
import { Session } from './session.js';
import type { TraceRecord } from './traces.js';

const LIMITS: Readonly<Record<string, LimitState['kind']>> = {
  rate_limit: 'rate limit',
  concurrency: 'concurrency limit',
  load_shedding: 'load shedding',
};

/**
 * What a process tells people who look at the shop. While nobody does there is no session, and whoever has something to
 * tell finds that out with one look.
 */
export class Telemetry {
  session: Session | undefined;
  private readonly breakers = new Map<string, BreakerState['state']>();

  private addresses = new Map<string, string>();

  /** @param process Who tells: `shop`, a replica's name, `customer`. */
  constructor(public process: string) {}

  /** Learns which replica is at which address, to name those that die before they could say it. */
  knowReplicas(place: Place): void {
    this.addresses = new Map(replicas(place).map(({ name, address }) => [address, name]));
  }

  replicaAt(address: string): string | undefined {
    return this.addresses.get(address);
  }

  /**
   * What was gathered since the last time. Gathers from now on, with the details of a share of the traces, from 0 to 1;
   * 0 ends it.
   */
  take(share: number): Batch | undefined {
    const batch = this.session?.take(this.process, this.breakers);
    if (share === 0) this.session = undefined;
    else if (this.session === undefined) this.session = new Session(share);
    else this.session.traces.share = share;
    return batch;
  }

  trace(traceId: string): TraceRecord | undefined {
    return this.session?.traces.find(traceId);
  }

  /** Hears a line of the log, which names its trace. */
  line(line: string): void {
    if (this.session === undefined) return;
    const traceId = /"trace_id":"(\w{32})"/.exec(line)?.[1];
    if (traceId !== undefined) this.session.traces.of(traceId)?.addLine(line);
  }

  /** Hears of a replica's limits. */
  limitsOf(replica: string): OverloadObserver {
    return {
      onDecision: ({ kind, decision, method }) => {
        if (method.service.startsWith('grpc.')) return; // asked by those who look
        this.session?.limited(replica, LIMITS[kind]!, decision !== 'refused');
      },
    };
  }

  /** Hears of circuit breakers, whose state is the one thing that has to be known when somebody begins to look. */
  get breakerStates(): OverloadObserver {
    return {
      onDecision: ({ method }) => {
        if (this.session === undefined || this.breakers.has(method.service)) return;
        this.breakers.set(method.service, 'closed');
      },
      onStateChange: ({ key, to }) =>
        void this.breakers.set(key, to === 'half_open' ? to : to.endsWith('open') ? 'open' : 'closed'),
    };
  }
}

/** Both hear of everything, if there are two. */
export function bothObservers(first?: OverloadObserver, second?: OverloadObserver): OverloadObserver {
  return {
    onDecision(event) {
      first?.onDecision?.(event);
      second?.onDecision?.(event);
    },
    onStateChange(event) {
      first?.onStateChange?.(event);
      second?.onStateChange?.(event);
    },
  };
}
