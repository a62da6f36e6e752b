import type { ServerWritableStream } from '@grpc/grpc-js';
import type {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Wire,
} from '../gen/grpc/health/v1/health.js';

export type WatchCall = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/**
 * One client's Watch stream. It holds no queue: while a message is on its way, changes only make it look again once
 * that message has left, so a slow watcher hears the newest status and costs no more memory than a fast one.
 */
class Watcher {
  #writing = false;
  #ending = false;
  #ended = false;
  #sent: Wire | undefined;

  constructor(
    private readonly call: WatchCall,
    private readonly current: (service: string) => Wire,
  ) {}

  /** Sends the present status, unless it is the one that was sent last. */
  tell(): void {
    if (this.#writing || this.#ended) return;
    const status = this.current(this.call.request.service);
    if (status !== this.#sent && !this.call.cancelled) {
      this.#sent = status;
      this.#writing = true;
      this.call.write({ status }, this.#written);
    } else if (this.#ending) {
      this.#ended = true;
      this.call.end();
    }
  }

  /** Ends the stream with OK, once what there is to tell has left. */
  end(): void {
    this.#ending = true;
    this.tell();
  }

  readonly #written = (): void => {
    this.#writing = false;
    this.tell();
  };
}

/** All open Watch streams of a server, by the service they ask for. */
export class Watchers {
  readonly #byService = new Map<string, Set<Watcher>>();

  /** @param current the status, as on the wire, of a service at this moment */
  constructor(private readonly current: (service: string) => Wire) {}

  /** How many streams are open. */
  get size(): number {
    let size = 0;
    for (const watchers of this.#byService.values()) size += watchers.size;
    return size;
  }

  /** Tells the caller the present status, and each change until the call ends. */
  add(call: WatchCall): void {
    if (call.cancelled) return;
    const { service } = call.request;
    const watcher = new Watcher(call, this.current);
    const watchers = this.#byService.get(service) ?? new Set();
    this.#byService.set(service, watchers.add(watcher));
    // grpc-js emits 'cancelled' at every end of a call, also at a good one.
    call.on('cancelled', () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#byService.get(service) === watchers) this.#byService.delete(service);
    });
    watcher.tell();
  }

  /** Tells everyone who watches this service. */
  tell(service: string): void {
    for (const watcher of this.#byService.get(service) ?? []) watcher.tell();
  }

  /** Ends every stream, after what it has still to hear. */
  endAll(): void {
    for (const watchers of this.#byService.values()) for (const watcher of watchers) watcher.end();
  }
}
