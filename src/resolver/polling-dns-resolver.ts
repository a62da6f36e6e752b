import { isError } from '../core/base/is-error.js';
import { optionsOf } from '../core/base/options.js';
import { readAddresses } from './address.js';
import { Backoff, jittered } from './backoff.js';
import { splitHostPort } from './experimental.js';
import { systemLookup, type DnsLookup, type DnsQuestion } from './dns-lookup.js';
import type { AddressSupply, Answer } from './feed.js';
import { registerFeedResolver } from './feed-resolver.js';
import { reportResolverError, safely, type ResolverErrorListener } from './resolver-errors.js';

/** See {@link registerPollingDnsResolver}. */
export interface PollingDnsOptions {
  /**
   * Targets are `scheme:///host:port`.
   *
   * @default 'dns-poll'
   */
  readonly scheme?: string;
  /** Between two lookups of a name, in milliseconds: so soon a new backend is found at the latest. */
  readonly intervalMs: number;
  /**
   * The share by which each interval is longer or shorter, at random, so that clients do not ask together.
   *
   * @default 0.1
   */
  readonly jitter?: number;
  /**
   * Where to ask: {@link systemLookup}, `dnsLookup()`, `srvLookup()`, or a function of one's own.
   *
   * @default systemLookup
   */
  readonly lookup?: DnsLookup;
  /**
   * How long a lookup may take, in milliseconds, before it counts as failed.
   *
   * @default 10_000
   */
  readonly lookupTimeoutMs?: number;
  /**
   * Told of each lookup that failed.
   *
   * @default a process warning
   */
  readonly onError?: ResolverErrorListener;
}

/** A channel whose calls fail asks again and again; a name is looked up no more often than this for it. */
const minRefreshMs = 1_000;

/**
 * DNS that notices change: grpc-js's own resolver asks again only after a connection is lost, and so never finds a
 * backend that was added. This one asks on an interval. Failed lookups are repeated after a backoff (1 s × 1.6, at most
 * the interval) and leave the last good answer in place. All channels of one name share the lookups.
 *
 * @throws TypeError when an option is wrong.
 * @example
 * registerPollingDnsResolver({ intervalMs: 10_000 });
 * const client = new ShopClient('dns-poll:///shop.default.svc.cluster.local:50051', tls, roundRobin());
 */
export function registerPollingDnsResolver(options: PollingDnsOptions): void {
  const names = ['scheme', 'intervalMs', 'jitter', 'lookup', 'lookupTimeoutMs', 'onError'] as const;
  const check = optionsOf('registerPollingDnsResolver', options, names);
  const scheme = check.string('scheme', 'dns-poll');
  const onError = safely(check.optionalFunction('onError') ?? reportResolverError);
  const settings = {
    intervalMs: check.number('intervalMs', { min: 1, max: 2 ** 30 }),
    jitter: check.number('jitter', { min: 0, max: 1, fallback: 0.1 }),
    lookup: check.optionalFunction('lookup') ?? systemLookup,
    lookupTimeoutMs: check.number('lookupTimeoutMs', { min: 1, max: 2 ** 30, fallback: 10_000 }),
  };
  registerFeedResolver('registerPollingDnsResolver', scheme, (name) => {
    const target = `${scheme}:///${name}`;
    return new PollingSupply(questionOf(name), settings, (error) => onError({ target, error }));
  });
}

/** `host`, `host:port` or `[ipv6]:port`; what is none of these is left to the lookup to refuse. */
function questionOf(name: string): DnsQuestion {
  const { host, port } = splitHostPort(name) ?? { host: name, port: undefined };
  return { host, port };
}

type Settings = Required<Pick<PollingDnsOptions, 'intervalMs' | 'jitter' | 'lookup' | 'lookupTimeoutMs'>>;

/** Looks one name up on an interval, while a channel wants it. */
class PollingSupply implements AddressSupply {
  readonly #backoff: Backoff;
  #publish: ((answer: Answer) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #askedAt = 0;
  #asking = false;
  #failing = false;

  constructor(
    private readonly question: DnsQuestion,
    private readonly settings: Settings,
    private readonly report: (error: Error) => void,
  ) {
    this.#backoff = new Backoff({
      initialBackoffMs: Math.min(1_000, settings.intervalMs),
      maxBackoffMs: settings.intervalMs,
    });
  }

  start(publish: (answer: Answer) => void): void {
    this.#publish = publish;
    this.#ask();
  }

  /** Asks before its time, unless it has just asked, or failures are slowing it down. */
  refresh(): void {
    if (this.#asking || this.#failing) return;
    this.#askAfter(Math.max(0, this.#askedAt + Math.min(minRefreshMs, this.settings.intervalMs) - performance.now()));
  }

  stop(): void {
    this.#publish = undefined;
    this.#failing = false;
    this.#backoff.reset();
    clearTimeout(this.#timer);
  }

  #askAfter(delayMs: number): void {
    clearTimeout(this.#timer);
    // A poll is no reason for a process to stay alive.
    this.#timer = setTimeout(() => this.#ask(), delayMs).unref();
  }

  #ask(): void {
    const publish = this.#publish;
    if (publish === undefined) return;
    this.#asking = true;
    this.#askedAt = performance.now();
    clearTimeout(this.#timer);
    lookUp(this.question, this.settings).then(
      (list) => this.#settled(publish, list),
      (error: unknown) => this.#settled(publish, [], error),
    );
  }

  #settled(publish: (answer: Answer) => void, list: readonly string[], error?: unknown): void {
    // Stopped, and perhaps started again, while the lookup was under way.
    if (publish !== this.#publish) return;
    this.#asking = false;
    const { addresses, refused } = readAddresses(list);
    if (refused.length > 0) this.report(new Error(`not 'host:port': ${refused.map(String).join(', ')}`));
    this.#failing = addresses.length === 0;
    if (this.#failing) return this.#failed(publish, error ?? new Error('the lookup gave no addresses'));
    this.#backoff.reset();
    this.#askAfter(jittered(this.settings.intervalMs, this.settings.jitter));
    publish({ addresses });
  }

  #failed(publish: (answer: Answer) => void, cause: unknown): void {
    const error = isError(cause) ? cause : new Error(String(cause));
    this.#askAfter(this.#backoff.next());
    this.report(error);
    publish({ problem: `name resolution failed: ${error.message}` });
  }
}

/** One lookup, rejected when it takes too long. */
function lookUp(question: DnsQuestion, { lookup, lookupTimeoutMs }: Settings): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`the lookup took longer than ${lookupTimeoutMs} ms`));
    const timer = setTimeout(late, lookupTimeoutMs).unref();
    // An async function also turns a synchronous throw into a rejection.
    const asked = (async () => lookup(question))();
    asked.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
