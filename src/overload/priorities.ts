/** Priorities are whole numbers from 0, shed first, to 9, shed last. */
export const LOWEST = 0;
export const HIGHEST = 9;
export const DEFAULT_PRIORITY = 5;

/** How long calls are counted before the threshold moves. */
const WINDOW_MS = 200;

/**
 * Which priorities find room. Calls come one by one, and the unimportant may come first; so the threshold is learnt from
 * how many of each kind came a moment ago: those above it fit the capacity together and are let through, those on it
 * share what is left, those below it are refused (the idea of WeChat's DAGOR).
 */
export class Priorities {
  /** Calls of this priority compete for what more important ones leave. */
  threshold = LOWEST;
  private readonly arrived = new Array<number>(HIGHEST + 1).fill(0);
  private admitted = 0;
  private crowded = false;
  private elapsedMs = 0;

  /** Counts a call that came, and what became of it. */
  count(priority: number, admitted: boolean): void {
    this.arrived[priority]!++;
    if (admitted) this.admitted++;
    else if (priority >= this.threshold) this.crowded = true;
  }

  /** Moves the threshold, once a window is over. */
  advance(elapsedMs: number, overloaded: boolean): void {
    this.elapsedMs += elapsedMs;
    if (this.elapsedMs < WINDOW_MS) return;
    // Also where nothing was admitted: unimportant calls that come alone have all the room there is.
    if (this.arrived.some((count) => count > 0)) this.threshold = this.learn(overloaded);
    this.elapsedMs = 0;
    this.admitted = 0;
    this.crowded = false;
    this.arrived.fill(0);
  }

  private learn(overloaded: boolean): number {
    // Where nobody was turned away for want of room there is more of it than was used: without this, a threshold would
    // never come down again.
    const capacity = !overloaded ? Infinity : this.crowded ? this.admitted : this.admitted * 1.3 + 1;
    let sum = 0;
    let lowest = this.threshold;
    for (let priority = HIGHEST; priority >= LOWEST; priority--) {
      if (this.arrived[priority] === 0) continue;
      lowest = priority;
      sum += this.arrived[priority]!;
      if (sum > capacity) break;
    }
    return lowest;
  }
}
