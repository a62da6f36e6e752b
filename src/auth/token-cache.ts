import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Identity } from '../core/shared/identity.js';
import type { KeySource } from './key-source.js';
import type { Verified, VerifyToken } from './jwt-verifier.js';
import { RecentTokens } from './recent-tokens.js';

/** How long, and for how many, a verified token is taken at its word. */
export interface TokenCacheOptions {
  /**
   * How many tokens are remembered; the least recently used one goes first.
   * @default 10_000
   */
  readonly maxEntries?: number;
  /**
   * How long a token is remembered, in milliseconds, and never past its `exp`. A token that is revoked, or whose key
   * is withdrawn, is accepted for as long.
   * @default 60_000
   */
  readonly maxAgeMs?: number;
}

interface Entry extends Verified {
  /** On the monotonic clock, which nobody can set back. */
  readonly staleAt: number;
}

/**
 * Verified tokens, each under its SHA-256: a heap dump shows none but those of the calls in it. Only what verified is remembered, so that bad
 * tokens, of which there is no end, cost no memory and drive out no good one.
 */
export class TokenCache {
  private readonly verified: LRUCache<string, Entry>;
  private recent = new RecentTokens<Entry>();
  private readonly pending = new Map<string, Promise<Identity>>();
  private version: number;

  constructor(
    private readonly verify: VerifyToken,
    private readonly keys: KeySource,
    private readonly maxAgeMs: number,
    maxEntries: number,
  ) {
    this.verified = new LRUCache({ max: maxEntries });
    this.version = keys.version;
  }

  /** Tokens remembered now. */
  get size(): number {
    return this.verified.size;
  }

  /**
   * Without a promise when the token is known. Calls that come while a token is being verified wait for the same.
   *
   * @param holder What brought the token, and is gone when its call is.
   */
  identityOf(token: string, holder: object): Identity | Promise<Identity> {
    this.forgetOldKeys();
    const recent = this.recent.find(token);
    if (recent !== undefined && isFresh(recent)) return recent.identity;
    const key = hash('sha256', token, 'base64');
    const known = this.verified.get(key);
    if (known !== undefined && isFresh(known)) {
      this.recent.keep(token, known, holder);
      return known.identity;
    }
    return this.pending.get(key) ?? this.begin(key, token);
  }

  private begin(key: string, token: string): Promise<Identity> {
    const verification = this.verifyAndKeep(key, token).finally(() => this.pending.delete(key));
    this.pending.set(key, verification);
    return verification;
  }

  private async verifyAndKeep(key: string, token: string): Promise<Identity> {
    const { version } = this.keys;
    const verified = await this.verify(token);
    // Keys that came meanwhile may have replaced the one that it was verified with: its next call decides anew.
    if (version === this.keys.version) {
      this.verified.set(key, { ...verified, staleAt: performance.now() + this.maxAgeMs });
    }
    return verified.identity;
  }

  private forgetOldKeys(): void {
    if (this.version === this.keys.version) return;
    this.version = this.keys.version;
    this.verified.clear();
    this.recent = new RecentTokens();
  }
}

function isFresh({ staleAt, expiresAt }: Entry): boolean {
  return performance.now() < staleAt && Date.now() < expiresAt;
}
