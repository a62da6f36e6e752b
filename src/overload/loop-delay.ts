/** How late the event loop was, seen over a stretch of time. */
export interface LoopSample {
  /** By how much a timer was late: what anything that arrived meanwhile has waited for its turn, at most. */
  readonly delayMs: number;
  /** Since the sample before. */
  readonly elapsedMs: number;
}

/** Takes a sample; answers whether to go on. */
export type SampleListener = (sample: LoopSample) => boolean;

/**
 * Measures the delay of the event loop by a timer that asks how late it is: under load it fires once per turn, before
 * the turn's calls are read, so that a decision about them is made on the turn just past. It runs only while it is
 * wanted, and does not keep the process alive.
 */
export class LoopDelay {
  private timer: NodeJS.Timeout | undefined;
  private running = false;
  private armedAt = 0;

  constructor(
    private readonly intervalMs: number,
    private readonly onSample: SampleListener,
  ) {}

  /** Begins, or goes on. */
  start(): void {
    if (this.running) return;
    this.running = true;
    this.arm();
  }

  private arm(): void {
    this.armedAt = performance.now();
    if (this.timer === undefined) this.timer = setTimeout(() => this.fire(), this.intervalMs).unref();
    else this.timer.refresh();
  }

  private fire(): void {
    const elapsedMs = performance.now() - this.armedAt;
    // Timers count whole milliseconds and may be early by a fraction of one.
    const delayMs = Math.max(0, elapsedMs - this.intervalMs);
    this.running = this.onSample({ delayMs, elapsedMs });
    if (this.running) this.arm();
  }
}
