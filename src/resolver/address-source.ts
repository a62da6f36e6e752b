import { isError } from '../core/base/is-error.js';
import { optionError, optionsOf } from '../core/base/options.js';
import { readAddresses } from './address.js';
import { Backoff, checkedBackoff, type BackoffOptions } from './backoff.js';
import type { AddressSupply, Answer } from './feed.js';
import { registerFeedResolver } from './feed-resolver.js';
import { reportResolverError, safely, type ResolverErrorListener } from './resolver-errors.js';

/**
 * Yields the addresses of a name, `host:port` each, the whole list every time they change. It should end when the signal
 * aborts: no channel wants the name any more.
 */
export type AddressSource = (name: string, signal: AbortSignal) => AsyncIterable<readonly string[]>;

/** See {@link registerAddressSource}. */
export interface AddressSourceOptions extends BackoffOptions {
  /**
   * Told when a source throws, ends, or yields what is no address.
   *
   * @default a process warning
   */
  readonly onError?: ResolverErrorListener;
}

/**
 * Names whose addresses come from anywhere (Kubernetes, Consul, a file), for targets `scheme:///name`. A source that
 * throws or ends is started again after a backoff; until it yields, the last good addresses stay. An empty list is
 * taken for a fault of the source, and changes nothing. All channels of one name share one run of the source.
 *
 * @throws TypeError when the scheme or an option is wrong.
 */
export function registerAddressSource(scheme: string, source: AddressSource, options: AddressSourceOptions = {}): void {
  if (typeof source !== 'function') throw optionError('registerAddressSource: source', 'a function', source);
  const check = optionsOf('registerAddressSource', options, ['initialBackoffMs', 'maxBackoffMs', 'onError']);
  const onError = safely(check.optionalFunction('onError') ?? reportResolverError);
  const backoff = checkedBackoff(check);
  registerFeedResolver('registerAddressSource', scheme, (name) => {
    const target = `${scheme}:///${name}`;
    return new SourceSupply(name, source, new Backoff(backoff), (error) => onError({ target, error }));
  });
}

/** Runs the source of one name, again and again. */
class SourceSupply implements AddressSupply {
  #run: AbortController | undefined;

  constructor(
    private readonly name: string,
    private readonly source: AddressSource,
    private readonly backoff: Backoff,
    private readonly report: (error: Error) => void,
  ) {}

  start(publish: (answer: Answer) => void): void {
    const run = (this.#run = new AbortController());
    void this.#keepRunning(run.signal, (answer) => {
      if (!run.signal.aborted) publish(answer);
    });
  }

  refresh(): void {
    // A source speaks when it has news.
  }

  stop(): void {
    this.#run?.abort();
  }

  async #keepRunning(signal: AbortSignal, publish: (answer: Answer) => void): Promise<void> {
    while (!signal.aborted) {
      const error = await this.#runOnce(signal, publish);
      if (signal.aborted) return;
      this.#fail(error, publish);
      await sleep(this.backoff.next(), signal);
    }
  }

  /** @returns why the run is over. */
  async #runOnce(signal: AbortSignal, publish: (answer: Answer) => void): Promise<Error> {
    try {
      for await (const list of this.source(this.name, signal)) {
        if (signal.aborted) break;
        this.#accept(list, publish);
      }
      return new Error('the address source ended');
    } catch (error) {
      return isError(error) ? error : new Error(String(error));
    }
  }

  #accept(list: readonly string[], publish: (answer: Answer) => void): void {
    const { addresses, refused } = readAddresses(list);
    if (refused.length > 0) this.report(new Error(`not 'host:port': ${refused.map(String).join(', ')}`));
    if (addresses.length === 0) return this.#fail(new Error('the address source gave no addresses'), publish);
    this.backoff.reset();
    publish({ addresses });
  }

  #fail(error: Error, publish: (answer: Answer) => void): void {
    this.report(error);
    publish({ problem: error.message });
  }
}

/** Waits, without keeping the process alive, until the time is over or the signal aborts. */
function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs).unref();
    signal.addEventListener('abort', done);
  });
}
