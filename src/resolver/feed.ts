import type { SubchannelAddress } from './experimental.js';

/**
 * What is known of a name: where it lives, or why that cannot be said. An empty list means that it lives nowhere, which
 * is knowledge; a problem is the lack of it, and replaces no addresses.
 */
export type Answer =
  | { readonly addresses: readonly SubchannelAddress[]; readonly note?: string }
  | { readonly addresses?: undefined; readonly problem: string };

/** Where the addresses of one name come from, while somebody wants them. */
export interface AddressSupply {
  /** Begins; `publish` may be called any number of times, at any time. */
  start(publish: (answer: Answer) => void): void;
  /** A channel asks for news, since calls fail: a supply that can ask early may. */
  refresh(): void;
  stop(): void;
}

/**
 * The addresses of one name, for all channels that want them: however many there are, the supply runs once, from the
 * first to the last of them.
 */
export class AddressFeed {
  readonly #listeners = new Set<() => void>();
  readonly #supply: AddressSupply;
  #running = false;
  #answer: Answer | undefined;

  constructor(supply: AddressSupply) {
    this.#supply = supply;
  }

  /** The latest answer; undefined until the first. */
  get answer(): Answer | undefined {
    return this.#answer;
  }

  /** Calls back on each answer; the returned function ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (!this.#running) {
      this.#running = true;
      this.#supply.start((answer) => this.#publish(answer));
    }
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      this.#running = false;
      this.#answer = undefined;
      this.#supply.stop();
    };
  }

  refresh(): void {
    if (this.#running) this.#supply.refresh();
  }

  #publish(answer: Answer): void {
    if (!this.#running) return;
    // The last good addresses outlive every later problem: a name server that is down moves no backend.
    if (answer.addresses === undefined && this.#answer?.addresses !== undefined) return;
    this.#answer = answer;
    for (const listener of [...this.#listeners]) listener();
  }
}
