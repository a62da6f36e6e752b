import type { PostgresPool } from './pool.js';

/** How many rows are deleted at once: few enough not to hold others up. */
const BATCH = 1000;

/** Deletes what has expired, now and then, beside the work of those who use a table: without a timer. */
export class Cleaner {
  private dueAt = 0;
  private running = false;

  /** @param sql A DELETE of at most `$1` rows. */
  constructor(
    private readonly pool: PostgresPool,
    private readonly sql: string,
    private readonly everyMs: number,
  ) {}

  /** Called whenever the table is used. */
  touch(): void {
    const now = performance.now();
    if (this.running || now < this.dueAt) return;
    this.dueAt = now + this.everyMs;
    this.running = true;
    void this.clean();
  }

  /** Never rejects: what is left is deleted next time. */
  private async clean(): Promise<void> {
    try {
      let deleted = BATCH;
      while (deleted === BATCH) deleted = (await this.pool.query(this.sql, [BATCH])).rowCount ?? 0;
    } catch {
      // Next time.
    } finally {
      this.running = false;
    }
  }
}
