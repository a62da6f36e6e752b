import { errors, type JWTVerifyGetKey } from 'jose';
import { KeysUnavailableError } from './failures.js';
import { isKeySet, publishedKeySet, type JsonWebKeySet } from './jwk-set.js';
import { fetchBounded, type FetchBounds } from './jwks-fetch.js';
import type { KeySource } from './key-source.js';

/** When to ask the key server, in milliseconds; the names are those of the options of `RemoteJwks`. */
export interface KeyTiming {
  readonly refreshMs: number;
  readonly maxStaleMs: number;
  readonly cooldownMs: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
}

/**
 * Keys that are fetched when needed. All times are of the monotonic clock, so that setting the machine's time neither
 * keeps keys for ever nor asks for them all the time.
 */
export class RemoteKeys implements KeySource {
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
    private readonly timing: KeyTiming,
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
