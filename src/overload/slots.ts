/** A caller that wants a slot. */
export interface Waiter {
  /** It has one now. */
  granted(): void;
}

/**
 * So many slots, and a queue before them: first come, first served, since fairness keeps every caller's wait near the
 * others' and the bound on the queue keeps all of them short.
 */
export class Slots {
  private taken = 0;
  /** In order of arrival; leaving from the middle is as cheap as from the front. */
  private readonly waiting = new Set<Waiter>();

  constructor(
    readonly max: number,
    readonly maxWaiting: number,
  ) {}

  get running(): number {
    return this.taken;
  }

  get queued(): number {
    return this.waiting.size;
  }

  /** Takes a slot at once, or not at all. */
  take(): boolean {
    if (this.taken >= this.max) return false;
    this.taken++;
    return true;
  }

  /** Takes one beyond the limit, for a dry run. */
  takeAnyway(): void {
    this.taken++;
  }

  /** Queues up, where there is room. */
  wait(waiter: Waiter): boolean {
    if (this.waiting.size >= this.maxWaiting) return false;
    this.waiting.add(waiter);
    return true;
  }

  /** Leaves the queue. */
  leave(waiter: Waiter): void {
    this.waiting.delete(waiter);
  }

  /** Gives a slot back: to whoever has waited longest, if anybody has. */
  release(): void {
    const { value: next, done } = this.waiting.values().next();
    if (done === true || this.taken > this.max) {
      this.taken--;
      return;
    }
    this.waiting.delete(next);
    next.granted();
  }
}
