import { LRUCache } from 'lru-cache';
import { optionsOf } from '../../core/base/options.js';
import type { RateLimiter } from '../../core/shared/rate-limiter.js';

/** A limiter that counts what was used of a fixed number. */
export interface QuotaLimiter extends RateLimiter {
  /** How much there is in a window, if the limiter knows. */
  readonly limit?: number | undefined;
}

/** Options of {@link quotaCounter}. */
export interface QuotaCounterOptions {
  /** How much each key may use in a window. */
  readonly limit: number;
  /** For how many keys it counts; the longest unused are forgotten first. @default 10_000 */
  readonly maxKeys?: number;
}

/**
 * Counts quotas in this process. Several processes, or a quota that outlives a restart, need a shared one.
 *
 * @throws TypeError for a wrong option.
 */
export function quotaCounter(options: QuotaCounterOptions): QuotaLimiter & { readonly limit: number } {
  const check = optionsOf('quotaCounter', options, ['limit', 'maxKeys']);
  const limit = check.number('limit', { min: 1, max: Number.MAX_SAFE_INTEGER });
  const max = check.number('maxKeys', { min: 1, max: 10_000_000, integer: true, fallback: 10_000 });
  const used = new LRUCache<string, number>({ max });
  return {
    limit,
    take(key, cost = 1) {
      const before = used.get(key) ?? 0;
      if (before + cost > limit) return { retryAfterMs: Infinity, remaining: limit - before };
      used.set(key, before + cost);
      return { retryAfterMs: 0, remaining: limit - before - cost };
    },
  };
}

/** The window is part of the key: its end, in epoch seconds, after an `@`. */
export function windowKey(key: string, endMs: number): string {
  return `${key}@${Math.round(endMs / 1000)}`;
}

/** When the window of a key ends, in epoch ms; undefined for a key without one. */
export function windowEndOf(key: string): number | undefined {
  const seconds = /@(\d{1,12})$/.exec(key)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
