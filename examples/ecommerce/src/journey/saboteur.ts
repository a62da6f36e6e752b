import { setTimeout as delay } from 'node:timers/promises';
import type { Journey } from './journey.js';
import type { Striker } from './striker.js';

const VICTIMS = ['products-1', 'products-2', 'products-3'];

/** How long a replica is away, and how long all are well before the next one is struck. */
const AWAY_MS = 250;
const WELL_MS = 150;

/** Goes round the product replicas, and cuts off one after another while the journey goes on. */
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
    while (this.working) {
      await delay(WELL_MS);
      if (this.isUploading()) continue;
      const victim = VICTIMS[this.strikes++ % VICTIMS.length]!;
      await this.striker.strike(victim, 'stop');
      await delay(AWAY_MS);
      await this.striker.strike(victim, 'start');
    }
  }

  /** An upload is spared: whether it was written when its server died nobody could say, so nobody may send it again. */
  private isUploading(): boolean {
    const { code, kind } = this.journey.entries.at(-1) ?? {};
    return kind === 'client_stream' && code === undefined;
  }
}
