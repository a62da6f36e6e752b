import { optionError, hasMethods } from '../core/base/options.js';
import type { RateLimitAnswer, RateLimiter } from '../core/shared/rate-limiter.js';

/** What a limiter of `rate-limiter-flexible` answers, and rejects with when it refuses. */
export interface FlexibleResult {
  /** Points left in the window. */
  readonly remainingPoints: number;
  /** In how many ms the window ends. */
  readonly msBeforeNext: number;
}

/** A limiter of `rate-limiter-flexible` 11, whatever its store. */
export interface FlexibleLimiter {
  /** Points of a window. */
  readonly points?: number;
  /** Takes points of a key; rejects with a result when there are not enough, or with an Error when its store fails. */
  consume(key: string, points?: number): Promise<FlexibleResult>;
}

/**
 * A limiter of the package `rate-limiter-flexible` as one of ours: with its stores (MySQL, MongoDB, DynamoDB, Memcached, etcd …)
 * and its windows. When its store fails, calls are admitted with one warning, as for every limiter.
 *
 * @throws TypeError for what is not such a limiter.
 * @example
 * rateLimitServerInterceptor({ limiter: limiterFrom(new RateLimiterMySQL({ storeClient, points: 100, duration: 1 })) })
 */
export function limiterFrom(limiter: FlexibleLimiter): RateLimiter & { readonly limit: number | undefined } {
  if (!hasMethods(limiter, 'consume')) {
    throw optionError('limiterFrom: limiter', "a limiter of the package 'rate-limiter-flexible'", limiter);
  }
  return {
    limit: limiter.points,
    take: (key, cost = 1) => limiter.consume(key, cost).then(admitted, refused),
  };
}

function admitted({ remainingPoints: remaining, msBeforeNext: resetMs }: FlexibleResult): RateLimitAnswer {
  return { retryAfterMs: 0, remaining, resetMs };
}

function refused(reason: unknown): RateLimitAnswer {
  if (typeof reason !== 'object' || reason === null || !('msBeforeNext' in reason)) throw reason;
  const { remainingPoints: remaining, msBeforeNext } = reason as FlexibleResult;
  return { retryAfterMs: Math.max(1, msBeforeNext), remaining, resetMs: msBeforeNext };
}
