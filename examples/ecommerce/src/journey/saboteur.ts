import { setTimeout as delay } from 'node:timers/promises';
import type { Accident } from '../process/messages.js';
import type { Journey } from './journey.js';
import type { Striker } from './striker.js';

const HANGING = 'products-1';
const DYING = ['products-2', 'products-3'];

/** How long a replica is away, and how long all are well before the next one is struck. */
const AWAY_MS = 250;
const WELL_MS = 150;

/** How long one hangs: longer than clients need to notice. */
const HANG_MS = 3_000;

/**
 * One product replica hangs from the start, while people only browse (an upload that a hanging server took could not be
 * sent again), and the two others are cut off in turn while the journey goes on. What clients can mend they shall: a
 * stream that has begun to arrive they cannot, so it is spared.
 */
export class Saboteur {
  strikes = 0;
  private working = true;
  private work: Promise<void> | undefined;

  constructor(
    private readonly journey: Journey,
    private readonly striker: Striker,
  ) {}

  start(): void {
    this.work = this.run();
    this.work.catch(() => undefined); // told by stop
  }

  /** Resolves when all replicas are well again. */
  async stop(): Promise<void> {
    this.working = false;
    await this.work;
  }

  private async run(): Promise<void> {
    const hanging = this.accident(HANGING, 'hang', HANG_MS, 'resume');
    for (let turn = 0; this.working; turn++) {
      await delay(WELL_MS);
      if (!this.isStreaming()) await this.accident(DYING[turn % DYING.length]!, 'stop', AWAY_MS, 'start');
    }
    await hanging;
  }

  private async accident(victim: string, begin: Accident, forMs: number, end: Accident): Promise<void> {
    this.strikes++;
    await this.journey.holdWhile(() => this.striker.strike(victim, begin));
    await delay(forMs);
    await this.striker.strike(victim, end);
  }

  /** Of an upload nobody could say whether it was written; and what has been read of a stream cannot be unread. */
  private isStreaming(): boolean {
    const { code, kind = 'unary' } = this.journey.entries.at(-1) ?? {};
    return kind !== 'unary' && code === undefined;
  }
}
