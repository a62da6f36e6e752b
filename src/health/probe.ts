/** Asks one dependency whether it works: resolve with `true` for yes. Anything else, a rejection included, means no. */
export type HealthProbe = (signal: AbortSignal) => Promise<boolean>;

/** What one run of a probe came to. */
export interface ProbeResult {
  /** Its name. */
  readonly probe: string;
  /** Whether the dependency works. */
  readonly passed: boolean;
  /** How long the run took, in milliseconds. */
  readonly durationMs: number;
  /** Why it did not pass: what the probe threw, or that it took too long. */
  readonly error?: unknown;
}

/** When a probe runs. */
export interface ProbeSchedule {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Between the first run and the second: it sets this probe apart from its siblings, so that not all run at once. */
  readonly secondRunAfterMs: number;
}

/**
 * Runs one probe again and again: at once, and then on an interval. At most one run is under way: while a run that timed
 * out has still not settled, the dependency is not asked again, so a probe that hangs piles nothing up.
 */
export class ProbeLoop {
  #timer: NodeJS.Timeout | undefined;
  #running: AbortController | undefined;
  #unsettled = false;
  #stopped = false;

  constructor(
    private readonly name: string,
    private readonly probe: HealthProbe,
    private readonly schedule: ProbeSchedule,
    private readonly report: (result: ProbeResult) => void,
  ) {}

  start(): void {
    this.#run();
    this.#runAfter(this.schedule.secondRunAfterMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#running?.abort(new Error(`probe '${this.name}' was stopped`));
  }

  #runAfter(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#run();
      this.#runAfter(this.schedule.intervalMs);
    }, delayMs);
    // A probe is no reason for a process to stay alive.
    this.#timer.unref();
  }

  #run(): void {
    const startedAt = performance.now();
    const finish = (passed: boolean, error?: unknown) => {
      if (this.#stopped) return;
      this.report({ probe: this.name, passed, durationMs: performance.now() - startedAt, error });
    };
    if (this.#unsettled) return finish(false, new Error(`probe '${this.name}' still hangs from an earlier run`));
    this.#ask().then(
      (answer) => finish(answer === true, answer === true ? undefined : new Error(`probe '${this.name}' said no`)),
      (error: unknown) => finish(false, error),
    );
  }

  /** The probe's answer, or a rejection once its time is over or the loop is stopped. */
  #ask(): Promise<boolean> {
    const controller = (this.#running = new AbortController());
    const { timeoutMs } = this.schedule;
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(
        () => controller.abort(new Error(`probe '${this.name}' took longer than ${timeoutMs} ms`)),
        timeoutMs,
      );
      timeout.unref();
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error), { once: true });
      this.#unsettled = true;
      // An async function also turns a probe's synchronous throw into a rejection.
      const asked = (async () => this.probe(controller.signal))();
      const settled = () => {
        clearTimeout(timeout);
        this.#unsettled = false;
      };
      asked.then(settled, settled);
      asked.then(resolve, reject);
    });
  }
}
