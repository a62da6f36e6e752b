import type { LoopSample } from './loop-delay.js';

/** What happened since the sample before. */
export interface Traffic {
  /** Calls that ended their work. */
  readonly served: number;
  /** The most calls that were at work at once. */
  readonly peak: number;
  /** Calls were refused for want of room. */
  readonly limited: boolean;
}

/** One call that runs and two that came meanwhile: with less, a server would be idle between two calls. */
const LEAST = 3;

/** CoDel's interval: a delay that goes by within it is a burst, and bursts are what queues are for. */
const PERSISTS_MS = 100;

/** After so long without a delay and without a refusal, there is no overload any more. */
const CALM_MS = 1_000;

/** Over which time the served rate is averaged. */
const RATE_WINDOW_MS = 100;

/** However long calls take, a limit that is much too high must come down. */
const MAX_SETTLING_MS = 100;

/** The limit grows by half in 100 ms, and by one in 50, while there is no delay. */
const [GROWTH_PER_MS, STEP_PER_MS] = [1 / 200, 1 / 50];

/** No single sample may count for more: a process that was stopped has learnt nothing meanwhile. */
const MAX_GROWTH_MS = 25;

/**
 * How many calls may be at work at once, found from the delay that they cause. There is no limit until the delay has
 * stayed over its target for a while (as CoDel, RFC 8289, waits). Then, by Little's law, the calls too many are those that
 * could be served in the delay too much: they are taken off the limit. Without too much delay it grows again.
 */
export class AdaptiveLimit {
  limit = Infinity;
  private delayedForMs = 0;
  private calmForMs = 0;
  private ratePerMs = 0;
  /** How long the last cut still needs to show. */
  private settlingMs = 0;

  constructor(private readonly targetMs: number) {}

  get overloaded(): boolean {
    return this.limit !== Infinity;
  }

  observe({ delayMs, elapsedMs }: LoopSample, traffic: Traffic): void {
    this.ratePerMs += (traffic.served / elapsedMs - this.ratePerMs) * (1 - Math.exp(-elapsedMs / RATE_WINDOW_MS));
    this.settlingMs -= elapsedMs;
    if (delayMs > this.targetMs) {
      this.delayedForMs += elapsedMs;
      this.calmForMs = 0;
      if (this.overloaded || this.delayedForMs >= PERSISTS_MS) this.shrink(delayMs, traffic.peak);
      return;
    }
    this.delayedForMs = 0;
    this.calmForMs = traffic.limited ? 0 : this.calmForMs + elapsedMs;
    if (this.calmForMs >= CALM_MS) this.limit = Infinity;
    else this.grow(Math.min(elapsedMs, MAX_GROWTH_MS));
  }

  /** Calls that were admitted before a cut go on to cause delays: only when they have ended is it time for another. */
  private shrink(delayMs: number, peak: number): void {
    if (this.settlingMs > 0) return;
    const tooMany = this.ratePerMs * (delayMs - this.targetMs);
    this.settlingMs = Math.min(peak / this.ratePerMs, MAX_SETTLING_MS);
    this.limit = Math.max(LEAST, Math.min(this.limit, peak) - tooMany);
  }

  private grow(elapsedMs: number): void {
    this.limit += (this.limit * GROWTH_PER_MS + STEP_PER_MS) * elapsedMs;
  }
}
