import type { RateLimitAnswer } from '../../core/shared/rate-limiter.js';
import type { OptionChecker } from '../../core/base/options.js';
import { optionsOf } from '../../core/base/options.js';
import { listenerOf } from '../../core/shared/listeners.js';
import type { StoreState } from './outage.js';

/** What a limiter does while its store is away. */
export type WhenAway = 'local' | 'admit' | 'refuse';

/** How many tokens a process may hold of one key, and for how long. */
export interface LeaseSize {
  /** The most tokens to take at once. A key that is called less often gets fewer. */
  readonly tokens: number;
  /** For how long they may be spent, in ms; what is left is given back. */
  readonly ms: number;
}

/** A process asked the store for tokens, or gave some back. */
export interface LeaseEvent {
  /** `redis` or `postgres`. */
  readonly store: string;
  /** How many tokens it asked for; 0 when it only gave some back. */
  readonly asked: number;
  /** How many it got. */
  readonly granted: number;
  /** How many it gave back. */
  readonly givenBack: number;
}

/** Follows limiters that share their state: for metrics, mostly. Nothing it throws affects a call. */
export interface SharedLimitObserver {
  /** Called for every lease that is asked for or given back. */
  onLease?(event: LeaseEvent): void;
  /** Called when the store is away, and when it is back. */
  onStoreState?(state: StoreState): void;
}

/** What a shared limiter answers when it knows more than a delay. */
export type LimiterAnswer = RateLimitAnswer;

/** A limiter whose buckets several processes share. */
export interface SharedRateLimiter {
  /** Takes tokens of a key: 0, or in how many ms to come back. */
  take(key: string, cost?: number): number | LimiterAnswer | Promise<number | LimiterAnswer>;
  /** Gives back what this process has leased and not spent. Call it when the process ends, before the client is closed. */
  close(): Promise<void>;
}

/** The options of every limiter whose buckets are shared. */
export interface SharedLimitOptions {
  /** How many tokens each key gets per second, in all processes together; up to 1,000,000. */
  readonly ratePerSecond: number;
  /** How many tokens a key can save up, at least 1: as many calls may come at once. */
  readonly burst: number;
  /**
   * How many tokens a process takes at once, for how long. `false`: the store is asked on every call.
   *
   * @default a quarter of `burst`, at least 1 and at most 1000, for 100 ms
   */
  readonly lease?: LeaseSize | false;
  /**
   * What happens while the store is away: `local` admits this process's share of the limit (by the number of processes last
   * seen), `admit` and `refuse` do as they say.
   *
   * @default 'local'
   */
  readonly whenAway?: WhenAway;
  /**
   * How long to wait for the store, in ms; then it counts as away.
   *
   * @default 50
   */
  readonly timeoutMs?: number;
  /**
   * For how many keys a process remembers its lease; the longest unused are forgotten first, and asked for again.
   *
   * @default 10_000
   */
  readonly maxKeys?: number;
  /** For metrics. */
  readonly observer?: SharedLimitObserver;
}

/** The names of {@link SharedLimitOptions}. */
export const SHARED_LIMIT_NAMES = [
  'ratePerSecond',
  'burst',
  'lease',
  'whenAway',
  'timeoutMs',
  'maxKeys',
  'observer',
] as const;

/** Options with their defaults, all checked. */
export interface LeaseOptions {
  /** The function that they were given to, for warnings. */
  readonly owner: string;
  readonly ratePerSecond: number;
  readonly burst: number;
  readonly lease: LeaseSize | undefined;
  readonly whenAway: WhenAway;
  readonly timeoutMs: number;
  readonly maxKeys: number;
  readonly events:
    | {
        readonly onLease: ((event: LeaseEvent) => void) | undefined;
        readonly onStoreState: ((state: StoreState) => void) | undefined;
      }
    | undefined;
}

/** @throws TypeError naming the first wrong option. */
export function leaseOptions(
  owner: string,
  check: OptionChecker<SharedLimitOptions>,
  options: SharedLimitOptions,
): LeaseOptions {
  const ratePerSecond = check.number('ratePerSecond', { above: 0, max: 1_000_000 });
  const burst = check.number('burst', { min: 1, max: 1_000_000_000 });
  const observer = check.optionalObserver('observer', 'onLease', 'onStoreState');
  return {
    owner,
    ratePerSecond,
    burst,
    lease: leaseOf(owner, check, options.lease, burst),
    whenAway: check.oneOf('whenAway', ['local', 'admit', 'refuse'], 'local'),
    timeoutMs: check.milliseconds('timeoutMs', { min: 1, max: 60_000, fallback: 50 }),
    maxKeys: check.number('maxKeys', { min: 1, max: 10_000_000, integer: true, fallback: 10_000 }),
    events: observer && {
      onLease: listenerOf(owner, 'observer.onLease', observer.onLease?.bind(observer)),
      onStoreState: listenerOf(owner, 'observer.onStoreState', observer.onStoreState?.bind(observer)),
    },
  };
}

function leaseOf(
  owner: string,
  check: OptionChecker<SharedLimitOptions>,
  lease: unknown,
  burst: number,
): LeaseSize | undefined {
  if (lease === false) return undefined;
  if (lease === undefined) return { tokens: Math.max(1, Math.min(1000, Math.floor(burst / 4))), ms: 100 };
  if (typeof lease !== 'object' || lease === null || Array.isArray(lease)) {
    throw check.error('lease', 'an object with tokens and ms, or false', lease);
  }
  const inner = optionsOf(`${owner}: lease`, lease as LeaseSize, ['tokens', 'ms']);
  return {
    tokens: inner.number('tokens', { min: 1, max: 1_000_000, integer: true }),
    ms: inner.milliseconds('ms', { min: 1, max: 60_000 }),
  };
}
