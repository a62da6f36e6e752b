import { errors, type JWTVerifyGetKey } from 'jose';
import { optionError, optionsOf } from '../core/options.js';
import { KeysUnavailableError } from './failures.js';
import { isKeySet, publishedKeySet, type JsonWebKeySet } from './jwk-set.js';
import { fetchBounded, type FetchBounds } from './jwks-fetch.js';
import type { KeySource } from './jwt-keys.js';
import { isLoopbackHost } from './loopback.js';

/** The issuer's key set, fetched when it is first needed and kept. */
export interface RemoteJwks {
  /** Where the issuer publishes its keys: https, or http to this machine. */
  readonly jwksUri: string | URL;
  /**
   * Fetches keys over plain http from elsewhere too. Whoever sits on that way can then sign tokens of his own.
   * @default false
   */
  readonly allowInsecure?: boolean;
  /**
   * How long one fetch may take, in milliseconds.
   * @default 5_000
   */
  readonly timeoutMs?: number;
  /**
   * How large the key set may be, in bytes.
   * @default 262_144
   */
  readonly maxBytes?: number;
  /**
   * How long fetched keys are used without asking again, in milliseconds. A key that the issuer withdraws is
   * refused after this at the latest, and after the token cache's `maxAgeMs`.
   * @default 600_000
   */
  readonly refreshMs?: number;
  /**
   * How old keys may become while the issuer cannot be reached, in milliseconds since they were fetched. An hour is
   * about as long as the tokens live that such an issuer signed before.
   * @default 3_600_000
   */
  readonly maxStaleMs?: number;
  /**
   * How long after a fetch a token with an unknown key is refused without asking again, in milliseconds: invented key
   * ids cost the issuer one request in this time.
   * @default 30_000
   */
  readonly cooldownMs?: number;
  /**
   * How long after a first failed fetch the next one may be tried, in milliseconds; it doubles with every failure.
   * @default 1_000
   */
  readonly initialBackoffMs?: number;
  /**
   * The longest time between two tries, in milliseconds.
   * @default 60_000
   */
  readonly maxBackoffMs?: number;
}

type Timing = Required<
  Pick<RemoteJwks, 'refreshMs' | 'maxStaleMs' | 'cooldownMs' | 'initialBackoffMs' | 'maxBackoffMs'>
>;

export const REMOTE_OPTIONS = [
  'jwksUri',
  'allowInsecure',
  'timeoutMs',
  'maxBytes',
  'refreshMs',
  'maxStaleMs',
  'cooldownMs',
  'initialBackoffMs',
  'maxBackoffMs',
] as const satisfies readonly (keyof RemoteJwks)[];

/** Checks the options and makes the source; nothing is fetched yet. */
export function remoteKeySource(option: string, options: RemoteJwks): KeySource {
  const check = optionsOf(option, options, REMOTE_OPTIONS);
  const url = keyServer(`${option}.jwksUri`, options.jwksUri, check.boolean('allowInsecure', false));
  const milliseconds = (name: keyof Timing | 'timeoutMs', fallback: number, min = 1): number =>
    check.number(name, { min, fallback });
  const bounds = {
    timeoutMs: milliseconds('timeoutMs', 5_000),
    maxBytes: check.number('maxBytes', { min: 1, fallback: 262_144 }),
  };
  const refreshMs = milliseconds('refreshMs', 600_000);
  const initialBackoffMs = milliseconds('initialBackoffMs', 1_000);
  return new RemoteKeys(url, bounds, {
    refreshMs,
    maxStaleMs: milliseconds('maxStaleMs', Math.max(3_600_000, refreshMs), refreshMs),
    cooldownMs: milliseconds('cooldownMs', 30_000, 0),
    initialBackoffMs,
    maxBackoffMs: milliseconds('maxBackoffMs', Math.max(60_000, initialBackoffMs), initialBackoffMs),
  });
}

function keyServer(option: string, uri: unknown, allowInsecure: boolean): URL {
  const url = URL.canParse(String(uri)) ? new URL(String(uri)) : undefined;
  const plain = url?.protocol === 'http:';
  if (url === undefined || (!plain && url.protocol !== 'https:') || url.username !== '' || url.password !== '') {
    throw optionError(option, 'an http(s) URL without a user', uri);
  }
  if (plain && !allowInsecure && !isLoopbackHost(url.hostname)) {
    throw optionError(option, 'https, unless it is on this machine or allowInsecure is set', uri);
  }
  return url;
}

/**
 * Keys that are fetched when needed. All times are of the monotonic clock, so that setting the machine's time neither
 * keeps keys for ever nor asks for them all the time.
 */
class RemoteKeys implements KeySource {
  version = 0;
  private keys: JWTVerifyGetKey | undefined;
  private published: string | undefined;
  private fetchedAt = -Infinity;
  private failures = 0;
  private retryAt = -Infinity;
  private lastFailure = '';
  private pending: Promise<void> | undefined;

  constructor(
    private readonly url: URL,
    private readonly bounds: FetchBounds,
    private readonly timing: Timing,
  ) {}

  readonly find: JWTVerifyGetKey = async (header, token) => {
    await this.ensureKeys();
    try {
      return await this.keys!(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || this.coolingDown) throw error;
    }
    await this.refresh();
    return this.keys!(header, token);
  };

  /** While the issuer answers, no keys older than `refreshMs` are used; while it does not, nobody waits for it. */
  private async ensureKeys(): Promise<void> {
    const age = this.age;
    if (age < this.timing.refreshMs) return;
    const usable = age < this.timing.maxStaleMs;
    const refreshed = this.refresh();
    if (usable && this.failures > 0) refreshed.catch(() => {});
    else await refreshed.catch((error: unknown) => (usable ? undefined : Promise.reject(error as Error)));
  }

  private get age(): number {
    return performance.now() - this.fetchedAt;
  }

  /** The keys are so new that an unknown one is no reason to ask again. */
  private get coolingDown(): boolean {
    return this.failures === 0 && this.age < this.timing.cooldownMs;
  }

  /** One fetch at a time, whoever asks, and none before its time after a failed one. */
  private refresh(): Promise<void> {
    if (this.pending !== undefined) return this.pending;
    if (performance.now() < this.retryAt) return Promise.reject(this.unavailable());
    this.pending = this.load().finally(() => (this.pending = undefined));
    return this.pending;
  }

  private async load(): Promise<void> {
    try {
      this.accept(await fetchBounded(this.url, this.bounds));
    } catch (error) {
      this.backOff(error as Error);
      throw this.unavailable();
    }
  }

  private accept(published: string): void {
    if (published !== this.published) {
      this.keys = publishedKeySet(parseKeySet(published));
      this.published = published;
      this.version++;
    }
    this.fetchedAt = performance.now();
    this.failures = 0;
  }

  private backOff(error: Error): void {
    const { initialBackoffMs, maxBackoffMs } = this.timing;
    const delay = Math.min(maxBackoffMs, initialBackoffMs * 2 ** this.failures++);
    // A fifth more at random, so that many servers do not ask a recovering issuer at the same moment.
    this.retryAt = performance.now() + delay * (1 + Math.random() / 5);
    this.lastFailure = error.message;
  }

  private unavailable(): KeysUnavailableError {
    const reason = `no keys to verify tokens with: ${this.lastFailure}`;
    return new KeysUnavailableError(reason, this.retryAt - performance.now());
  }
}

function parseKeySet(text: string): JsonWebKeySet {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
  }
  if (isKeySet(parsed)) return parsed;
  throw new Error('the answer is no JSON Web Key Set');
}
