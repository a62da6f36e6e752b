import { LRUCache } from 'lru-cache';
import { inTime } from './in-time.js';
import { KeyState } from './key-state.js';
import { Lease } from './lease.js';
import type { LeaseOptions, LimiterAnswer, SharedRateLimiter } from './options.js';
import { Outage } from './outage.js';
import { Shares } from './shares.js';
import type { TokenGrant, TokenRequest, TokenStore } from './token-store.js';

/** How often a process says that it is at work, while it asks for tokens. */
const HEARTBEAT_MS = 5000;

/** How soon calls that are refused since the store is away may come back. */
const REFUSED_MS = 1000;

/**
 * Token buckets in a store that processes share. A process takes several tokens of a key at once, as many as the key's own
 * rate will use, and spends them without asking.
 */
export class LeasedLimiter implements SharedRateLimiter {
  private readonly keys: LRUCache<string, KeyState>;
  /** Keys whose lease may end with something left. */
  private readonly held = new Set<KeyState>();
  private readonly outage: Outage;
  private readonly shares: Shares;
  private readonly perMs: number;
  private processes = 1;
  private beatAt = -Infinity;
  private sweep: NodeJS.Timeout | undefined;
  private warnedOfLimits = false;

  constructor(
    private readonly store: TokenStore,
    private readonly options: LeaseOptions,
  ) {
    const { owner, ratePerSecond, burst, maxKeys, whenAway, events } = options;
    this.perMs = ratePerSecond / 1000;
    this.keys = new LRUCache({ max: maxKeys });
    this.shares = new Shares(this.perMs, burst, maxKeys);
    this.outage = new Outage(owner, store.name, MEANWHILE[whenAway], events?.onStoreState);
  }

  /** Takes tokens of a key: answers at once while a lease or a known wait says enough, else by promise. */
  take(key: string, cost = 1): number | LimiterAnswer | Promise<number | LimiterAnswer> {
    if (cost > this.options.burst) return Infinity;
    const now = performance.now();
    const state = this.stateOf(key);
    state.demand += cost;
    if (state.waiters === undefined && state.lease?.spend(now, cost) === true) return 0;
    if (this.outage.away) return this.withoutStore(key, cost, now);
    if (this.options.lease === undefined) return this.askAlone(key, cost);
    if (state.waiters === undefined) {
      const wait = state.knownWait(now, cost);
      if (wait > 0) return wait;
    }
    return new Promise((resolve) => {
      const waiter = { cost, resolve };
      if (state.waiters !== undefined) state.waiters.push(waiter);
      else {
        state.waiters = [waiter];
        void this.ask(state, now);
      }
    });
  }

  /** Gives back what is leased and not spent. Calls after it are answered as before. */
  async close(): Promise<void> {
    clearTimeout(this.sweep);
    this.sweep = undefined;
    await this.giveBack([...this.held]);
  }

  private stateOf(key: string): KeyState {
    const found = this.keys.get(key);
    if (found !== undefined) return found;
    const made = new KeyState(key);
    this.keys.set(key, made);
    return made;
  }

  /** Asks for the calls that wait, and again for those that came meanwhile, for as long as the bucket is not empty. */
  private async ask(state: KeyState, asked: number): Promise<void> {
    let now = asked;
    while (state.waiters !== undefined && state.waiters.length > 0) {
      const waiting = state.waiters;
      const { cost } = waiting[0]!;
      try {
        const request = this.requestFor(state, cost, sumOf(waiting), now);
        const grant = await this.acquire(request);
        now = performance.now();
        this.serve(state, request, grant, now);
      } catch (error) {
        this.fail(state, error);
        return;
      }
    }
    state.waiters = undefined;
  }

  private requestFor(state: KeyState, cost: number, waiting: number, now: number): TokenRequest {
    const { tokens, ms } = this.options.lease!;
    const want = Math.max(state.nextSize(now, ms, tokens), Math.min(waiting, this.options.burst), cost);
    const giveBack = state.lease?.takeRest() ?? 0;
    state.lease = undefined;
    this.held.delete(state);
    const share = Math.floor((this.perMs * ms) / 2 / this.processes);
    // A reservation of a single call would be in the way of a caller who comes back to another process.
    const reserves = share > cost && want > cost;
    return { key: state.key, cost, want, giveBack, aheadMs: reserves ? ms / 2 : 0, share: reserves ? share : 0 };
  }

  private async acquire(request: TokenRequest): Promise<TokenGrant> {
    const grant = await this.inTime(this.store.acquire(request), request.key);
    const { want: asked, giveBack: givenBack } = request;
    this.options.events?.onLease?.({ store: this.store.name, asked, granted: grant.granted, givenBack });
    this.checkLimits(grant);
    return grant;
  }

  /** Hands out what was granted, in the order of the calls. */
  private serve(state: KeyState, { cost, aheadMs }: TokenRequest, grant: TokenGrant, now: number): void {
    const { granted, level, waitMs } = grant;
    if (granted > 0) this.hold(state, granted, level, now);
    if (waitMs > 0) state.refuse(cost, now + waitMs, now + waitMs - aheadMs);
    const waiters = state.waiters!;
    let served = 0;
    for (const waiter of waiters) {
      const answer = this.answer(state, waiter.cost, now);
      // The grant is used up and the bucket is not: the store is asked again for those that are left.
      if (answer === undefined) break;
      waiter.resolve(answer);
      served++;
    }
    waiters.splice(0, served);
  }

  private answer(state: KeyState, cost: number, now: number): number | undefined {
    if (state.lease?.spend(now, cost) === true) return 0;
    const wait = state.knownWait(now, cost);
    return wait > 0 ? wait : undefined;
  }

  private hold(state: KeyState, granted: number, level: number, now: number): void {
    const { ms } = this.options.lease!;
    state.lease = new Lease(granted, level, now, this.perMs, ms);
    if (granted === 1) return;
    this.held.add(state);
    this.sweep ??= setTimeout(() => this.sweepUp(), ms).unref();
  }

  /** Gives back what leases that are over have left. */
  private sweepUp(): void {
    this.sweep = undefined;
    const now = performance.now();
    void this.giveBack([...this.held].filter(({ lease }) => lease === undefined || now > lease.until));
    if (this.held.size > 0) this.sweep = setTimeout(() => this.sweepUp(), this.options.lease!.ms).unref();
  }

  private async giveBack(states: readonly KeyState[]): Promise<void> {
    await Promise.all(
      states.map((state) => {
        this.held.delete(state);
        return this.returnTokens(state.key, state.lease?.takeRest() ?? 0);
      }),
    );
  }

  /** Never rejects: what cannot be given back is lost, which admits less, not more. */
  private async returnTokens(key: string, giveBack: number): Promise<void> {
    if (giveBack === 0) return;
    try {
      await this.store.acquire({ key, cost: 1, want: 0, giveBack, aheadMs: 0, share: 0 });
      this.options.events?.onLease?.({ store: this.store.name, asked: 0, granted: 0, givenBack: giveBack });
    } catch {
      // Lost.
    }
  }

  private async askAlone(key: string, cost: number): Promise<number | LimiterAnswer> {
    try {
      const request = { key, cost, want: cost, giveBack: 0, aheadMs: 0, share: 0 };
      const grant = await this.inTime(this.store.acquire(request), key);
      this.checkLimits(grant);
      const left = grant.level - grant.granted;
      const retryAfterMs = grant.granted > 0 ? 0 : grant.waitMs;
      const resetMs = (this.options.burst - left) / this.perMs;
      return { retryAfterMs, remaining: Math.max(0, Math.floor(left)), resetMs };
    } catch (error) {
      const now = performance.now();
      this.outage.begin(key, error, now);
      return this.withoutStore(key, cost, now);
    }
  }

  private inTime(answer: Promise<TokenGrant>, key: string): Promise<TokenGrant> {
    this.beat();
    const late = ({ granted }: TokenGrant): void => void this.returnTokens(key, granted);
    return inTime(answer, this.options.timeoutMs, this.store.name, late);
  }

  private fail(state: KeyState, error: unknown): void {
    const now = performance.now();
    this.outage.begin(state.key, error, now);
    const waiters = state.waiters ?? [];
    state.waiters = undefined;
    for (const { cost, resolve } of waiters) resolve(this.withoutStore(state.key, cost, now));
  }

  private withoutStore(key: string, cost: number, now: number): number {
    if (this.outage.probeIsDue(now)) void this.probe();
    if (this.options.whenAway === 'admit') return 0;
    if (this.options.whenAway === 'refuse') return REFUSED_MS;
    return this.shares.take(key, cost, now, this.processes);
  }

  private async probe(): Promise<void> {
    const key = this.outage.failedKey;
    const nothing = { key, cost: 1, want: 0, giveBack: 0, aheadMs: 0, share: 0 };
    try {
      await inTime(this.store.acquire(nothing), this.options.timeoutMs, this.store.name, () => undefined);
      this.outage.end();
    } catch {
      // Still away.
    }
  }

  private beat(): void {
    const now = performance.now();
    if (now - this.beatAt < HEARTBEAT_MS) return;
    this.beatAt = now;
    this.store.heartbeat().then(
      (processes) => (this.processes = Math.max(1, processes)),
      // The number last seen is used on.
      () => undefined,
    );
  }

  private checkLimits({ otherLimits }: TokenGrant): void {
    if (!otherLimits || this.warnedOfLimits) return;
    this.warnedOfLimits = true;
    const { owner, ratePerSecond, burst } = this.options;
    process.emitWarning(
      `${owner}: another process limits the same keys otherwise than by ${ratePerSecond}/s, burst ${burst}; ` +
        'each call counts by the limits of its own process. Give limits that differ their own keyPrefix.',
      { code: 'GRPC_JS_MIDDLEWARE_LIMITS' },
    );
  }
}

const MEANWHILE = {
  local: 'each process admits its share of the limit',
  admit: 'all calls are admitted',
  refuse: 'all calls are refused',
} as const;

function sumOf(waiters: readonly { readonly cost: number }[]): number {
  return waiters.reduce((sum, { cost }) => sum + cost, 0);
}
