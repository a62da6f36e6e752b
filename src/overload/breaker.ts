import type { BreakerState, BreakerStateChange } from './observer.js';
import { SlidingWindow } from './sliding-window.js';

/** A circuit breaker, for those who watch or operate it. */
export interface CircuitBreaker {
  /** Whose breaker it is: the interceptor's `key` of a call, the service unless told otherwise. */
  readonly key: string;
  /** An open breaker stays `open` until the first call after its time, which is the probe. */
  readonly state: BreakerState;
  /** Calls counted in the window, and how many of them had failed. */
  readonly calls: number;
  /** Those of `calls` that had failed. */
  readonly failures: number;
  /** Refuses every call until {@link reset}: for a service that must be left alone. */
  forceOpen(): void;
  /** Admits every call until {@link reset}, whatever becomes of them. */
  forceClosed(): void;
  /** Closes it and forgets what was counted. */
  reset(): void;
}

/** When a breaker opens, and how it closes again. */
export interface BreakerPolicy {
  readonly failureRate: number;
  readonly minimumCalls: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly halfOpenCalls: number;
  readonly onStateChange: ((change: BreakerStateChange) => void) | undefined;
}

/** How a call came to be admitted: its outcome counts only while the breaker is as it was then. */
export interface Pass {
  readonly probe: boolean;
  readonly epoch: number;
}

/** In half-open there is no telling how long a probe takes. */
const PROBE_DELAY_MS = 1_000;

/** One circuit breaker: closed → open → half-open → closed, or open again. */
export class Breaker implements CircuitBreaker {
  state: BreakerState = 'closed';
  private readonly window: SlidingWindow;
  /** What all calls but probes are admitted with. */
  private pass: Pass = { probe: false, epoch: 0 };
  private openUntil = 0;
  /** The latest time that a server asked its callers to wait for. */
  private askedUntil = 0;
  private probes = 0;
  private proven = 0;
  private lastProbeAt = 0;

  constructor(
    readonly key: string,
    private readonly policy: BreakerPolicy,
  ) {
    this.window = new SlidingWindow(policy.windowMs);
  }

  get calls(): number {
    return this.window.calls;
  }

  get failures(): number {
    return this.window.failures;
  }

  get forced(): boolean {
    return this.state === 'forced_open' || this.state === 'forced_closed';
  }

  /** Admits a call, or says in how many ms to come back. */
  admit(): Pass | number {
    if (this.state === 'closed' || this.state === 'forced_closed') return this.pass;
    if (this.state === 'forced_open') return this.policy.openMs;
    const nowMs = performance.now();
    if (this.state === 'open') {
      if (nowMs < this.openUntil) return this.openUntil - nowMs;
      this.change('half_open');
    }
    return this.probe(nowMs);
  }

  /** What became of a call that was admitted; `askedMs`: how long its server asked to be left alone. */
  settle(pass: Pass, failed: boolean, askedMs: number): void {
    if (pass.epoch !== this.pass.epoch) return;
    const nowMs = performance.now();
    if (askedMs > 0) this.askedUntil = Math.max(this.askedUntil, nowMs + askedMs);
    if (this.state !== 'closed' && !pass.probe) return;
    this.window.add(nowMs, failed);
    if (pass.probe) this.judgeProbe(nowMs, failed, askedMs);
    else if (failed && this.isTooMuch()) this.open(nowMs, askedMs);
  }

  /** A call ended that says nothing about its server. */
  forget(pass: Pass): void {
    if (pass.probe && pass.epoch === this.pass.epoch) this.probes = Math.max(0, this.probes - 1);
  }

  forceOpen(): void {
    this.change('forced_open');
  }

  forceClosed(): void {
    this.change('forced_closed');
  }

  reset(): void {
    this.askedUntil = 0;
    this.change('closed');
    this.window.clear();
  }

  private isTooMuch(): boolean {
    const { calls, failures } = this.window;
    return calls >= this.policy.minimumCalls && failures / calls >= this.policy.failureRate;
  }

  /** A probe that never ends must not keep the breaker from closing: after `openMs` another one is let through. */
  private probe(nowMs: number): Pass | number {
    const { halfOpenCalls, openMs } = this.policy;
    if (this.probes + this.proven >= halfOpenCalls) {
      const overdueInMs = this.lastProbeAt + openMs - nowMs;
      if (overdueInMs > 0) return Math.min(overdueInMs, PROBE_DELAY_MS);
      this.probes--;
    }
    this.probes++;
    this.lastProbeAt = nowMs;
    return { probe: true, epoch: this.pass.epoch };
  }

  private judgeProbe(nowMs: number, failed: boolean, askedMs: number): void {
    if (failed) {
      this.open(nowMs, askedMs);
      return;
    }
    this.probes = Math.max(0, this.probes - 1);
    this.proven++;
    if (this.proven >= this.policy.halfOpenCalls) this.change('closed');
  }

  /** A server that says when to come back knows better than `openMs`. */
  private open(nowMs: number, askedMs: number): void {
    this.openUntil = Math.max(this.askedUntil, askedMs > 0 ? 0 : nowMs + this.policy.openMs);
    this.change('open', this.openUntil - nowMs);
  }

  private change(to: BreakerState, openMs = 0): void {
    const { state: from, key, calls, failures } = this;
    if (from === to) return;
    this.state = to;
    // Calls admitted before must not decide about what comes now.
    this.pass = { probe: false, epoch: this.pass.epoch + 1 };
    this.probes = 0;
    this.proven = 0;
    if (to === 'closed') this.window.clear();
    this.policy.onStateChange?.({ key, from, to, calls, failures, openMs });
  }
}
