import { status, type Server } from '@grpc/grpc-js';
import { optionError, optionsOf } from '../core/base/options.js';
import { isThenable } from '../core/base/report-failure.js';
import { StatusError } from '../core/status/status-error.js';
import { forceClose } from './force-close.js';
import type { CallTracker } from './track-calls.js';

/** A health service, such as ours: it tells everybody that this server is going. */
export interface ShutdownHealth {
  /** Makes every service NOT_SERVING; without `keepWatches` it ends the Watch streams, too. */
  shutdown(options?: { readonly keepWatches?: boolean }): void;
}

/** A step of {@link shutdownGracefully}. */
export interface ShutdownStep {
  /**
   * - `not_serving`: health says so, and clients are given `drainDelayMs` to go elsewhere. New calls are still served.
   * - `draining`: the port is closed and clients are told to open no more calls (GOAWAY); `calls.draining` aborts.
   * - `ending`: `timeoutMs` is over, or the stop is forced; running calls end with UNAVAILABLE.
   * - `forcing`: connections are cut.
   * - `closed`: nothing is left.
   */
  readonly name: 'not_serving' | 'draining' | 'ending' | 'forcing' | 'closed';
  /** How many calls are running; undefined without `calls`. */
  readonly running: number | undefined;
  /** Since the shutdown began. */
  readonly elapsedMs: number;
}

/** See {@link shutdownGracefully}. */
export interface ShutdownOptions {
  /** From `trackCalls()`, and listed by this server: without it, what is still running at the end is cut off. */
  readonly calls?: CallTracker;
  /** Told first. Without it, `drainDelayMs` is waited for all the same. */
  readonly health?: ShutdownHealth;
  /**
   * How long to go on serving after health said NOT_SERVING, in milliseconds: as long as load balancers and clients need
   * to notice. On Kubernetes 5 to 10 seconds.
   */
  readonly drainDelayMs: number;
  /** How long running calls may take to finish, in milliseconds, from the GOAWAY on. */
  readonly timeoutMs: number;
  /**
   * When it aborts, nothing is waited for any longer: running calls end, connections are cut.
   *
   * @default none: the times alone count
   */
  readonly force?: AbortSignal;
  /** Told of each step. */
  readonly onStep?: (step: ShutdownStep) => void;
}

/** How a shutdown went. */
export interface ShutdownReport {
  /** Calls that did not finish by themselves; undefined without `calls`. */
  readonly ended: number | undefined;
  /** Connections were cut: not everything could be ended in an orderly way. */
  readonly forced: boolean;
  /** From the beginning to the last step, in milliseconds. */
  readonly durationMs: number;
}

/** How long the last statuses may take to leave before connections are cut. */
const flushMs = 1_000;

const shutdowns = new WeakMap<Server, Promise<ShutdownReport>>();

/**
 * Stops a server so that nobody notices: NOT_SERVING, a while for clients to go elsewhere, GOAWAY (RFC 9113) and no new
 * calls, time for running calls to finish, UNAVAILABLE for those that do not, closed. It takes at most
 * `drainDelayMs + timeoutMs` and a second. It never rejects; a second shutdown of the same server is the first one.
 *
 * @throws TypeError when an option is wrong.
 */
export function shutdownGracefully(server: Server, options: ShutdownOptions): Promise<ShutdownReport> {
  const check = optionsOf('shutdownGracefully', options, [
    'calls',
    'health',
    'drainDelayMs',
    'timeoutMs',
    'force',
    'onStep',
  ]);
  if (typeof server?.tryShutdown !== 'function') throw optionError('shutdownGracefully: server', 'a Server', server);
  check.milliseconds('drainDelayMs', { min: 0 });
  check.milliseconds('timeoutMs', { min: 0 });
  check.optionalFunction('onStep');
  if (options.calls !== undefined) check.having('calls', 'made with trackCalls()', 'startDraining', 'endAll');
  if (options.health !== undefined) check.having('health', 'a HealthService', 'shutdown');
  if (options.force !== undefined) check.having('force', 'an AbortSignal', 'addEventListener');
  let running = shutdowns.get(server);
  if (running === undefined) {
    const shutdown = new Shutdown(server, options);
    // Not before it is written down: a step's listener may itself ask for a shutdown.
    shutdowns.set(server, (running = Promise.resolve().then(() => shutdown.run())));
  }
  return running;
}

/** One server's way out. */
class Shutdown {
  readonly #startedAt = performance.now();

  constructor(
    private readonly server: Server,
    private readonly options: ShutdownOptions,
  ) {}

  async run(): Promise<ShutdownReport> {
    const { calls, drainDelayMs, timeoutMs } = this.options;
    this.#tellHealth({ keepWatches: true });
    this.#step('not_serving');
    await this.#wait(drainDelayMs);
    const closed = this.#drain();
    // Watch streams end only now: a client that watches again at once has to do so elsewhere.
    this.#tellHealth();
    calls?.startDraining();
    const finished = await this.#wait(timeoutMs, closed);
    const ended = finished ? 0 : this.#endCalls();
    const forced = !finished && !(await this.#flushed(closed));
    if (forced) await this.#force(closed);
    this.#step('closed');
    return { ended: calls === undefined ? undefined : ended, forced, durationMs: performance.now() - this.#startedAt };
  }

  #tellHealth(options?: Parameters<ShutdownHealth['shutdown']>[0]): void {
    this.#guarded('health', () => this.options.health?.shutdown(options));
  }

  /** @returns settles when every connection has closed: after its last call. */
  #drain(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.tryShutdown(() => resolve()));
    this.#step('draining');
    return closed;
  }

  #endCalls(): number {
    const { calls } = this.options;
    if (calls === undefined) return 0;
    const running = calls.size;
    this.#step('ending');
    calls.endAll(new StatusError(status.UNAVAILABLE, 'the server is shutting down'));
    return running;
  }

  /** Whether all ended calls reached their clients, who may not be reading. Without `calls` nothing was ended. */
  #flushed(closed: Promise<void>): Promise<boolean> {
    return this.options.calls === undefined ? Promise.resolve(false) : wait(flushMs, closed);
  }

  #force(closed: Promise<void>): Promise<boolean> {
    this.#step('forcing');
    forceClose(this.server);
    return wait(flushMs, closed);
  }

  /** @returns whether it was `done` rather than time or force that ended the wait. */
  #wait(delayMs: number, done?: Promise<void>): Promise<boolean> {
    return wait(delayMs, done, this.options.force);
  }

  #step(name: ShutdownStep['name']): void {
    const step = { name, running: this.options.calls?.size, elapsedMs: performance.now() - this.#startedAt };
    this.#guarded('onStep', () => this.options.onStep?.(step));
  }

  /** Runs what is not ours: a shutdown goes on whatever it does. */
  #guarded(what: string, run: () => unknown): void {
    const failed = (error: unknown): void =>
      process.emitWarning(`shutdownGracefully: ${what} threw: ${String(error)}`, {
        code: 'GRPC_JS_MIDDLEWARE_OBSERVER',
      });
    try {
      const result = run();
      if (isThenable(result)) result.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** Waits until `done` is (true), the time is over or `force` aborts (false). */
function wait(delayMs: number, done?: Promise<void>, force?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isDone: boolean) => {
      clearTimeout(timer);
      force?.removeEventListener('abort', forced);
      resolve(isDone);
    };
    const forced = () => finish(false);
    // The timer keeps the process alive, on purpose: it has to see the shutdown through.
    const timer = setTimeout(forced, delayMs);
    void done?.then(() => finish(true));
    if (force?.aborted === true) forced();
    else force?.addEventListener('abort', forced, { once: true });
  });
}
