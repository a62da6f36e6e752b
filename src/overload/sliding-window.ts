const BUCKETS = 10;

/**
 * How many calls ended well and badly within the last while, in ten buckets: what is older than the window leaves it by
 * tenths. Nothing runs while nobody counts.
 */
export class SlidingWindow {
  private readonly good = new Array<number>(BUCKETS).fill(0);
  private readonly bad = new Array<number>(BUCKETS).fill(0);
  private readonly bucketMs: number;
  /** Number of the newest bucket since the clock's zero; its place is that modulo ten. */
  private newest = -Infinity;
  private goodSum = 0;
  private badSum = 0;

  constructor(windowMs: number) {
    this.bucketMs = windowMs / BUCKETS;
  }

  /** Calls within the window, as of the last {@link add}. */
  get calls(): number {
    return this.goodSum + this.badSum;
  }

  get failures(): number {
    return this.badSum;
  }

  add(nowMs: number, failed: boolean): void {
    const place = this.advance(nowMs);
    if (failed) {
      this.bad[place]!++;
      this.badSum++;
    } else {
      this.good[place]!++;
      this.goodSum++;
    }
  }

  clear(): void {
    this.good.fill(0);
    this.bad.fill(0);
    this.goodSum = 0;
    this.badSum = 0;
  }

  /** Empties the buckets that time has passed over; the place of the present one. */
  private advance(nowMs: number): number {
    const present = Math.floor(nowMs / this.bucketMs);
    if (present - this.newest >= BUCKETS) this.clear();
    else for (let number = this.newest + 1; number <= present; number++) this.empty(number % BUCKETS);
    // A clock that steps back would count into the newest bucket.
    this.newest = Math.max(this.newest, present);
    return this.newest % BUCKETS;
  }

  private empty(place: number): void {
    this.goodSum -= this.good[place]!;
    this.badSum -= this.bad[place]!;
    this.good[place] = 0;
    this.bad[place] = 0;
  }
}
