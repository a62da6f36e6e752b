/** A microsecond: more than fractions of milliseconds can be wrong in years, and nothing that a limit would notice. */
const CLOSE_ENOUGH_MS = 1e-3;

/**
 * A token bucket in one number: when it will be full again if nobody takes more. That says how many tokens are missing
 * at any time, without a timer that fills it.
 */
export class TokenBucket {
  private fullAt = -Infinity;

  /**
   * @param msPerToken How long it takes to fill in one token.
   * @param burst How many tokens it holds.
   */
  constructor(
    private readonly msPerToken: number,
    private readonly burst: number,
  ) {}

  /** Takes tokens: 0, or in how many ms there will be as many; Infinity when it never holds as many. */
  take(nowMs: number, cost = 1): number {
    if (cost > this.burst) return Infinity;
    const fullAt = Math.max(this.fullAt, nowMs) + cost * this.msPerToken;
    const waitMs = fullAt - nowMs - this.burst * this.msPerToken;
    // What sums of fractions get wrong must not refuse the caller who waited exactly as long as told.
    if (waitMs > CLOSE_ENOUGH_MS) return waitMs;
    this.fullAt = fullAt;
    return 0;
  }
}
