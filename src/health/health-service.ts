import { status, type sendUnaryData, type Server } from '@grpc/grpc-js';
import {
  HealthService as definition,
  type HealthCheckResponse,
  type HealthListResponse,
  type HealthServer,
} from '../gen/grpc/health/v1/health.js';
import { StatusError } from '../core/status/status-error.js';
import { optionError, optionsOf } from '../core/base/options.js';
import { isThenable } from '../core/base/report-failure.js';
import { readPlan, type HealthServiceOptions } from './health-service-options.js';
import { ProbeLoop, type ProbeResult } from './probe.js';
import { StatusBoard } from './status-board.js';
import { toWire, type ServingStatus } from './status.js';
import { Watchers, type WatchCall } from './watchers.js';

/** A server with more services than this cannot be listed (gRFC A90's reference servers refuse likewise). */
const listLimit = 100;

/** Longer names cannot be watched, unless they are known; real ones are those of services. */
const maxServiceName = 1_024;

/** How long a Watch that comes after the end of all others may stay: long enough that nobody spins, short enough for a drain. */
const lateWatchMs = 1_000;

/** How {@link HealthService.shutdown} treats the Watch streams. */
export interface HealthShutdownOptions {
  /**
   * Leaves the Watch streams open once they are told, so that clients stay informed while they are given time to go
   * elsewhere. A second `shutdown()` ends them.
   *
   * @default false
   */
  readonly keepWatches?: boolean;
}

/**
 * The standard health service, grpc.health.v1: Check, Watch and List. The server as a whole, the service `''`, is
 * SERVING from the start. It works on any grpc-js server, with interceptors of ours or without.
 *
 * @example
 * const health = new HealthService({
 *   services: { 'shop.OrderService': ['database'] },
 *   probes: { database: async (signal) => (await pool.query('select 1', { signal })).rows.length === 1 },
 * });
 * health.addTo(server);
 */
export class HealthService {
  readonly #board: StatusBoard;
  readonly #watchers: Watchers;
  readonly #probes: readonly ProbeLoop[];
  readonly #options: HealthServiceOptions;
  readonly #broken = new Set<string>();
  #watchesEnd = false;
  #lateWatches: NodeJS.Timeout | undefined;

  /** @throws TypeError when an option is wrong, or a service names a probe that is not there. */
  constructor(options: HealthServiceOptions = {}) {
    const plan = readPlan(options);
    this.#options = options;
    this.#board = new StatusBoard((service, now) => this.#changed(service, now));
    this.#watchers = new Watchers((service) => toWire(this.#board.statuses.get(service)));
    for (const [service, probes] of plan.services) this.#board.register(service, probes);
    this.#probes = plan.probes.map(
      ({ name, probe, schedule }) => new ProbeLoop(name, probe, schedule, (result) => this.#probed(result)),
    );
    for (const probe of this.#probes) probe.start();
  }

  /** Adds the service to a server. One HealthService may serve on several. */
  addTo(server: Server): void {
    const handlers: HealthServer = {
      check: (call, callback) => this.#check(call.request.service, callback),
      list: (_call, callback) => this.#list(callback),
      watch: (call) => this.#watch(call),
    };
    server.addService(definition, handlers);
  }

  /** What clients hear of each service at this moment: a copy, for pages, logs and gauges. */
  statuses(): ReadonlyMap<string, ServingStatus> {
    return new Map(this.#board.statuses);
  }

  /** How many Watch streams are open. */
  get watching(): number {
    return this.#watchers.size;
  }

  /**
   * Sets a service's status, and makes the service known if it was not. A service with probes serves only when both
   * this and its probes say so. Ignored after {@link shutdown}.
   *
   * @throws TypeError for another status.
   */
  setStatus(service: string, status: ServingStatus): void {
    const check = optionsOf('HealthService.setStatus', { service, status }, ['service', 'status']);
    if (typeof service !== 'string') throw check.error('service', 'a string', service);
    this.#board.set(service, check.oneOf('status', ['SERVING', 'NOT_SERVING']));
  }

  /**
   * Forgets a service: Check answers NOT_FOUND, watchers hear SERVICE_UNKNOWN. Ignored after {@link shutdown}.
   *
   * @throws TypeError when `service` is no string.
   */
  clearStatus(service: string): void {
    if (typeof service !== 'string') throw optionError('HealthService.clearStatus: service', 'a string', service);
    this.#board.clear(service);
  }

  /**
   * Before a stop: every service is NOT_SERVING whatever is set from now on, Watch streams are told, and then ended (those
   * for unknown services too) so that a drain can finish. May be called twice; see {@link HealthShutdownOptions}.
   *
   * @throws TypeError when an option is wrong.
   */
  shutdown(options: HealthShutdownOptions = {}): void {
    const keepWatches = optionsOf('HealthService.shutdown', options, ['keepWatches']).boolean('keepWatches', false);
    this.#board.shutdown();
    if (keepWatches) return;
    this.#watchesEnd = true;
    this.#watchers.endAll();
  }

  /** Takes {@link shutdown} back: every known service is wanted again, and serves if its probes pass. */
  resume(): void {
    this.#watchesEnd = false;
    clearTimeout(this.#lateWatches);
    this.#lateWatches = undefined;
    this.#board.resume();
  }

  /** Stops the probes, and shuts down. */
  close(): void {
    for (const probe of this.#probes) probe.stop();
    this.shutdown();
  }

  #check(service: string, callback: sendUnaryData<HealthCheckResponse>): void {
    const found = this.#board.statuses.get(service);
    if (found !== undefined) return callback(null, { status: toWire(found) });
    // The name is not repeated: it is the caller's, of any length, and a status that is too long hangs its connection.
    callback(new StatusError(status.NOT_FOUND, 'unknown service'));
  }

  #list(callback: sendUnaryData<HealthListResponse>): void {
    const { statuses } = this.#board;
    if (statuses.size > listLimit) {
      return callback(new StatusError(status.RESOURCE_EXHAUSTED, `more than ${listLimit} services cannot be listed`));
    }
    const listed = [...statuses].map(([service, now]) => [service, { status: toWire(now) }] as const);
    callback(null, { statuses: Object.fromEntries(listed) });
  }

  #watch(call: WatchCall): void {
    // A stream keeps its request for as long as it is open, and anyone may open one.
    const { service } = call.request;
    if (service.length > maxServiceName && !this.#board.statuses.has(service)) {
      const text = `a service name of more than ${maxServiceName} characters cannot be watched`;
      call.emit('error', new StatusError(status.INVALID_ARGUMENT, text));
      return;
    }
    this.#watchers.add(call);
    if (this.#watchesEnd) this.#endLateWatches();
  }

  /**
   * Some clients watch again at once when their stream ends after a message (grpc-go does), so a stream that comes after
   * the end is not ended at once, which would make such a client spin.
   */
  #endLateWatches(): void {
    this.#lateWatches ??= setTimeout(() => {
      this.#lateWatches = undefined;
      this.#watchers.endAll();
    }, lateWatchMs).unref();
  }

  #changed(service: string, now: ServingStatus | undefined): void {
    this.#watchers.tell(service);
    this.#observe('onChange', () => this.#options.onChange?.({ service, status: now ?? 'SERVICE_UNKNOWN' }));
  }

  #probed(result: ProbeResult): void {
    this.#board.probed(result.probe, result.passed);
    this.#observe('onProbe', () => this.#options.onProbe?.(result));
  }

  /** Health goes on whatever a user's observer does; one that is broken is reported once. */
  #observe(name: string, run: () => unknown): void {
    const failed = (error: unknown): void => this.#report(name, error);
    try {
      const result = run();
      if (isThenable(result)) result.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  #report(name: string, error: unknown): void {
    if (this.#broken.has(name)) return;
    this.#broken.add(name);
    const warning = `HealthService: ${name} threw, which changes nothing: ${String(error)}`;
    process.emitWarning(warning, { code: 'GRPC_JS_MIDDLEWARE_OBSERVER' });
  }
}
