import { AdaptiveLimit } from './adaptive-limit.js';
import { LoopDelay, type LoopSample, type SampleListener } from './loop-delay.js';
import { Priorities } from './priorities.js';

/** Without calls for so long, nothing is measured until the next. */
const IDLE_MS = 1_000;

/** Samples fewer than this apart would only measure the timer. */
const MIN_INTERVAL_MS = 2;
const MAX_INTERVAL_MS = 20;

/**
 * Decides which calls a server can serve in time: those for which there is room under an adaptive limit, the more
 * important ones first.
 */
export class Shedder {
  private readonly adaptive: AdaptiveLimit;
  private readonly priorities = new Priorities();
  private readonly loop: Pick<LoopDelay, 'start'>;
  /** Calls at work. */
  private atWork = 0;
  /** Calls that ended, and streams that began, since the last sample. */
  private served = 0;
  private peak = 0;
  private limited = false;
  private idleMs = 0;
  private lastDelayMs = 0;

  /** @param sensor Measures the delay of the event loop at this interval; tests bring an event loop of their own. */
  constructor(
    targetMs: number,
    sensor = (intervalMs: number, onSample: SampleListener): Pick<LoopDelay, 'start'> =>
      new LoopDelay(intervalMs, onSample),
  ) {
    this.adaptive = new AdaptiveLimit(targetMs);
    const intervalMs = Math.min(Math.max(Math.round(targetMs / 2), MIN_INTERVAL_MS), MAX_INTERVAL_MS);
    this.loop = sensor(intervalMs, (sample) => this.observe(sample));
  }

  /** Calls that may be at work in one turn of the event loop; `Infinity` while there is no overload. */
  get limit(): number {
    return this.adaptive.limit;
  }

  get inFlight(): number {
    return this.atWork;
  }

  /** The delay of the event loop, as last measured, in ms. */
  get delayMs(): number {
    return this.lastDelayMs;
  }

  /** Whether there is room for a call of this priority. The caller says what it makes of that by {@link begin}. */
  decide(priority: number): boolean {
    this.loop.start();
    const admitted = this.hasRoom(priority);
    if (!admitted) this.limited = true;
    this.priorities.count(priority, admitted);
    return admitted;
  }

  /** A call begins its work; {@link end} has to follow. */
  begin(): void {
    this.atWork++;
    this.notePeak();
  }

  end(): void {
    this.atWork--;
    this.served++;
  }

  /**
   * A stream begins: work for a turn of the event loop. How long it stays open says nothing about the load that it is.
   */
  beginStream(): void {
    this.served++;
    this.notePeak();
  }

  private hasRoom(priority: number): boolean {
    if (!this.adaptive.overloaded) return true;
    const { threshold } = this.priorities;
    if (priority < threshold) return false;
    // Above the threshold, calls fit on the average; twice the limit still bounds a burst of them.
    return this.load < (priority > threshold ? 2 : 1) * this.limit;
  }

  /**
   * What has been served since the last sample still counts: the loop reads one connection after the other and serves its
   * calls before the next, so that there would be room for each of them anew, and the turn as long as there are connections.
   */
  private get load(): number {
    return this.atWork + this.served;
  }

  private notePeak(): void {
    if (this.load > this.peak) this.peak = this.load;
  }

  private observe(sample: LoopSample): boolean {
    const { limited, peak } = this;
    this.adaptive.observe(sample, { served: this.served, peak, limited });
    this.priorities.advance(sample.elapsedMs, this.adaptive.overloaded);
    this.lastDelayMs = sample.delayMs;
    this.idleMs = peak > 0 || limited ? 0 : this.idleMs + sample.elapsedMs;
    this.served = 0;
    this.limited = false;
    this.peak = this.atWork;
    return this.idleMs < IDLE_MS;
  }
}
