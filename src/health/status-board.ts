import type { ServingStatus } from './status.js';

interface Service {
  /** What `setStatus` said last. */
  wanted: ServingStatus;
  /** The probes that this service stands on. */
  readonly probes: readonly string[];
}

/** Told of each change; a service that is forgotten has no status. */
export type BoardListener = (service: string, status: ServingStatus | undefined) => void;

/**
 * Who is serving: the rules of a server's health, without any transport. A service serves when it was asked to, every
 * probe it names has passed, and the server is not shutting down. Listeners hear of changes only.
 */
export class StatusBoard {
  readonly #services = new Map<string, Service>();
  readonly #passing = new Set<string>();
  readonly #announced = new Map<string, ServingStatus>();
  readonly #onChange: BoardListener;
  #shutDown = false;

  constructor(onChange: BoardListener) {
    this.#onChange = onChange;
  }

  /** Each service that is known, with what clients hear of it. */
  get statuses(): ReadonlyMap<string, ServingStatus> {
    return this.#announced;
  }

  get isShutDown(): boolean {
    return this.#shutDown;
  }

  /** Makes a service known; it serves as soon as its probes have passed. */
  register(service: string, probes: readonly string[]): void {
    this.#services.set(service, { wanted: 'SERVING', probes });
    this.#announce(service);
  }

  set(service: string, wanted: ServingStatus): void {
    if (this.#shutDown) return;
    const known = this.#services.get(service);
    if (known === undefined) this.#services.set(service, { wanted, probes: [] });
    else known.wanted = wanted;
    this.#announce(service);
  }

  clear(service: string): void {
    if (this.#shutDown) return;
    this.#services.delete(service);
    this.#announce(service);
  }

  /** A probe's latest result; it turns every service that names the probe. */
  probed(probe: string, passed: boolean): void {
    if (this.#passing.has(probe) === passed) return;
    if (passed) this.#passing.add(probe);
    else this.#passing.delete(probe);
    this.#announceAll();
  }

  /** Everything stops serving, and stays so whatever is set, until {@link resume}. */
  shutdown(): void {
    this.#shutDown = true;
    this.#announceAll();
  }

  /** Everything known is wanted again, also what was NOT_SERVING before the shutdown (as grpc-go's server does). */
  resume(): void {
    this.#shutDown = false;
    for (const service of this.#services.values()) service.wanted = 'SERVING';
    this.#announceAll();
  }

  #statusOf(service: string): ServingStatus | undefined {
    const known = this.#services.get(service);
    if (known === undefined) return undefined;
    const serves =
      !this.#shutDown && known.wanted === 'SERVING' && known.probes.every((name) => this.#passing.has(name));
    return serves ? 'SERVING' : 'NOT_SERVING';
  }

  #announceAll(): void {
    for (const service of [...this.#services.keys()]) this.#announce(service);
  }

  #announce(service: string): void {
    const status = this.#statusOf(service);
    if (this.#announced.get(service) === status) return;
    if (status === undefined) this.#announced.delete(service);
    else this.#announced.set(service, status);
    this.#onChange(service, status);
  }
}
