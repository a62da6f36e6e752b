/** Fractions of a token that sums in floating point may be wrong by. */
const CLOSE_ENOUGH = 1e-6;

/**
 * Tokens that one process took from a shared bucket, to spend without asking again. Those that the bucket did not hold yet
 * become usable one by one, as the bucket would have refilled: a lease never runs ahead of the limit.
 */
export class Lease {
  private spent = 0;
  /** After this time nothing of it may be spent. */
  readonly until: number;

  /**
   * @param tokens How many were taken.
   * @param level How many the bucket held at `at`; negative when others come first.
   * @param at When, in ms of the monotonic clock.
   * @param perMs How many tokens the bucket gains in a ms.
   * @param ms For how long the lease lasts once all of it is usable.
   */
  constructor(
    private readonly tokens: number,
    private readonly level: number,
    private readonly at: number,
    private readonly perMs: number,
    ms: number,
  ) {
    this.until = at + ms + Math.max(0, tokens - level) / perMs;
  }

  /** Spends tokens, if so many are usable. */
  spend(now: number, cost: number): boolean {
    const due = this.spent + cost;
    if (due > this.tokens || now > this.until) return false;
    if (due > this.level + (now - this.at) * this.perMs + CLOSE_ENOUGH) return false;
    this.spent = due;
    return true;
  }

  /** In how many ms so many tokens will be usable; undefined when this lease will never have them. */
  waitFor(now: number, cost: number): number | undefined {
    const due = this.spent + cost;
    if (due > this.tokens || now > this.until) return undefined;
    return Math.max(0, this.at + (due - this.level) / this.perMs - now);
  }

  /** What is left of it, which becomes worthless here: to give back. */
  takeRest(): number {
    const rest = this.tokens - this.spent;
    this.spent = this.tokens;
    return rest;
  }
}
