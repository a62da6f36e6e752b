import { BaseSubchannelWrapper, type ConnectivityStateListener, type SubchannelInterface } from './experimental.js';
import { HealthWatch, type HealthCheckSettings, type HealthWatcher } from './health-watch.js';

/** A connection that is ready only while its backend says SERVING. */
export class HealthSubchannel extends BaseSubchannelWrapper implements HealthWatcher {
  readonly #listeners = new Set<ConnectivityStateListener>();
  readonly #watch: HealthWatch;
  #watching = false;

  constructor(
    readonly inner: SubchannelInterface,
    settings: HealthCheckSettings,
  ) {
    super(inner);
    this.#watch = HealthWatch.of(inner.getRealSubchannel(), settings);
    this.setHealthy(this.#watch.healthy ?? true);
  }

  override getConnectivityState() {
    return this.#watch.state;
  }

  override addConnectivityStateListener(listener: ConnectivityStateListener): void {
    this.#listeners.add(listener);
  }

  override removeConnectivityStateListener(listener: ConnectivityStateListener): void {
    this.#listeners.delete(listener);
  }

  /** Watching begins with the first reference: pick_first makes wrappers that it never uses, and never lets go. */
  override ref(): void {
    super.ref();
    if (this.#watching) return;
    this.#watching = true;
    this.#watch.add(this);
    this.setHealthy(this.#watch.healthy ?? true);
  }

  protected override destroy(): void {
    this.#watching = false;
    this.#watch.remove(this);
    super.destroy();
  }

  onHealth(healthy: boolean): void {
    this.setHealthy(healthy);
  }

  readonly onState: ConnectivityStateListener = (_subchannel, previous, next, keepaliveMs, message) => {
    for (const listener of [...this.#listeners]) listener(this, previous, next, keepaliveMs, message);
  };
}
