import * as grpc from '@grpc/grpc-js';
import {
  HealthCheckResponse_ServingStatus as Wire,
  HealthService as definition,
  type HealthCheckRequest,
  type HealthCheckResponse,
} from '../gen/grpc/health/v1/health.js';
import { Backoff, type BackoffOptions } from './backoff.js';
import { channelOver, logError, type ConnectivityStateListener, type RealSubchannel } from './experimental.js';

const { CONNECTING, READY } = grpc.connectivityState;

/** What a client-side health check asks, and how fast it asks again after a failure. */
export interface HealthCheckSettings extends BackoffOptions {
  readonly serviceName: string;
}

/** Who is told by a {@link HealthWatch}. */
export interface HealthWatcher {
  /** The backend's health, when it is known and differs. */
  onHealth(healthy: boolean): void;
  /** The connection's state as the health check lets it appear. */
  onState: ConnectivityStateListener;
}

/**
 * The health of one backend, over one connection (gRFC A17): a Watch stream whenever the connection is ready. Until the
 * first answer the connection appears as still connecting; from then on the backend is healthy or not. There is one of
 * these per connection and service, however many channels use the connection, and it outlives the moments in which a
 * balancer exchanges its list: otherwise every change of addresses would make all backends unknown again.
 */
export class HealthWatch {
  static readonly #ofSubchannel = new WeakMap<RealSubchannel, Map<string, HealthWatch>>();

  /** The one for this connection and these settings; made when there is none. */
  static of(subchannel: RealSubchannel, settings: HealthCheckSettings): HealthWatch {
    const watches = HealthWatch.#ofSubchannel.get(subchannel) ?? new Map<string, HealthWatch>();
    HealthWatch.#ofSubchannel.set(subchannel, watches);
    const key = JSON.stringify([settings.serviceName, settings.initialBackoffMs, settings.maxBackoffMs]);
    const watch = watches.get(key) ?? new HealthWatch(subchannel, settings);
    watches.set(key, watch);
    return watch;
  }

  readonly #watchers = new Set<HealthWatcher>();
  readonly #backoff: Backoff;
  #healthy: boolean | undefined;
  #call: grpc.ClientReadableStream<HealthCheckResponse> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #attached = false;

  private constructor(
    private readonly subchannel: RealSubchannel,
    private readonly settings: HealthCheckSettings,
  ) {
    this.#backoff = new Backoff(settings);
  }

  /** Undefined until the backend has answered on this connection. */
  get healthy(): boolean | undefined {
    return this.#healthy;
  }

  /** The connection's state as balancers should see it. */
  get state(): grpc.connectivityState {
    const state = this.subchannel.getConnectivityState();
    return state === READY && this.#healthy === undefined ? CONNECTING : state;
  }

  add(watcher: HealthWatcher): void {
    this.#watchers.add(watcher);
    if (this.#attached) return;
    this.#attached = true;
    this.subchannel.addConnectivityStateListener(this.#onState);
    if (this.subchannel.getConnectivityState() === READY) this.#watch();
  }

  /** A balancer with a new list lets go of a connection and takes it up again in one turn, so the end waits for the next. */
  remove(watcher: HealthWatcher): void {
    if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
    setImmediate(() => {
      if (this.#watchers.size > 0 || !this.#attached) return;
      this.#attached = false;
      this.subchannel.removeConnectivityStateListener(this.#onState);
      this.#forget();
    });
  }

  readonly #onState: ConnectivityStateListener = (_subchannel, previous, next, keepaliveMs, message) => {
    const before = previous === READY && this.#healthy === undefined ? CONNECTING : previous;
    this.#forget();
    if (next === READY) this.#watch();
    if (before !== this.state) this.#tellState(before, this.state, keepaliveMs, message);
  };

  #tellState(before: grpc.connectivityState, now: grpc.connectivityState, keepaliveMs: number, message?: string): void {
    for (const watcher of [...this.#watchers]) watcher.onState(this.subchannel, before, now, keepaliveMs, message);
  }

  #is(healthy: boolean): void {
    const known = this.#healthy !== undefined;
    if (this.#healthy === healthy) return;
    this.#healthy = healthy;
    for (const watcher of [...this.#watchers]) watcher.onHealth(healthy);
    if (!known) this.#tellState(CONNECTING, READY, -1);
  }

  #watch(): void {
    const client = new grpc.Client('health', grpc.credentials.createInsecure(), {
      channelOverride: channelOver(this.subchannel),
    });
    const { path, requestSerialize, responseDeserialize } = definition.watch;
    const request: HealthCheckRequest = { service: this.settings.serviceName };
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
    this.#call = call;
    // A call that is cancelled while it starts goes on until it hears of it again.
    const ours = () => this.#call === call || (call.cancel(), false);
    call.on('metadata', ours);
    call.on('data', ({ status }: HealthCheckResponse) => {
      if (!ours()) return;
      this.#backoff.reset();
      this.#is(status === Wire.SERVING);
    });
    call.on('error', () => {}); // 'status' says the same
    call.on('status', ({ code }: grpc.StatusObject) => {
      if (this.#call === call) this.#ended(code);
    });
  }

  #ended(code: grpc.status): void {
    this.#call = undefined;
    if (code === grpc.status.UNIMPLEMENTED) {
      logError(`${this.subchannel.getAddress()} has no health service: it counts as healthy`);
      return this.#is(true);
    }
    this.#is(false);
    this.#retry = setTimeout(() => this.#watch(), this.#backoff.next()).unref();
  }

  /** Nothing is known any more: the connection is another, or nobody asks. */
  #forget(): void {
    clearTimeout(this.#retry);
    const call = this.#call;
    this.#call = undefined;
    this.#healthy = undefined;
    this.#backoff.reset();
    call?.cancel();
  }
}
