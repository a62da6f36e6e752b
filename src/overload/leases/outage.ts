/** Between tries whether the store is back, at first and at most, in ms. */
const FIRST_PROBE_MS = 100;
const MAX_PROBE_MS = 1000;

/** A store that flaps is reported at most this often. */
const REPORT_EVERY_MS = 60_000;

/** The store of a limiter could not be reached, or can be again. */
export interface StoreState {
  /** `redis` or `postgres`. */
  readonly store: string;
  /** Whether the limiter does without it from now on. */
  readonly away: boolean;
  /** What it failed with. */
  readonly error?: unknown;
}

/** Whether a store can be used, and when to try again. Reports each change, and warns once for each outage. */
export class Outage {
  away = false;
  /** The key whose bucket could not be reached: of a cluster only a part may be away. */
  failedKey = '';
  private probeAt = 0;
  private delayMs = FIRST_PROBE_MS;
  private reportedAt = -Infinity;

  constructor(
    private readonly owner: string,
    private readonly store: string,
    private readonly meanwhile: string,
    private readonly onChange: ((state: StoreState) => void) | undefined,
  ) {}

  /** The store failed, or did not answer in time. */
  begin(key: string, error: unknown, now: number): void {
    this.probeAt = now + this.delayMs;
    if (this.away) return;
    this.away = true;
    this.failedKey = key;
    this.onChange?.({ store: this.store, away: true, error });
    if (now - this.reportedAt < REPORT_EVERY_MS) return;
    this.reportedAt = now;
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(`${this.owner}: ${this.store} is away (${reason}); until it is back, ${this.meanwhile}`, {
      code: 'GRPC_JS_MIDDLEWARE_STORE',
    });
  }

  /** Whether to try now whether the store is back; the next try is due later. */
  probeIsDue(now: number): boolean {
    if (!this.away || now < this.probeAt) return false;
    this.delayMs = Math.min(this.delayMs * 2, MAX_PROBE_MS);
    this.probeAt = now + this.delayMs;
    return true;
  }

  /** The store works again. */
  end(): void {
    if (!this.away) return;
    this.away = false;
    this.delayMs = FIRST_PROBE_MS;
    this.onChange?.({ store: this.store, away: false });
  }
}
