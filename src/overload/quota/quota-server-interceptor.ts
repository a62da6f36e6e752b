import { isListed, uncalled } from '../../core/misplaced.js';
import { Metadata, status, type ServerInterceptor } from '@grpc/grpc-js';
import { optionsOf } from '../../core/base/options.js';
import { isThenable, reportHookFailure } from '../../core/base/report-failure.js';
import type { ServerCallContext } from '../../core/context.js';
import { defineServerInterceptor } from '../../core/define.js';
import { explained } from '../../core/description.js';
import type { ServerHooks } from '../../core/hooks.js';
import { retryAfterOf, type RateLimitAnswer } from '../../core/shared/rate-limiter.js';
import { errorDetail } from '../../core/status/details.js';
import { StatusError } from '../../core/status/status-error.js';
import { keyFunction } from '../keys.js';
import { PUSHBACK_KEY, wholeDelay } from '../refusal.js';
import { within } from '../within.js';
import { windowKey, type QuotaLimiter } from './quota-counter.js';
import { Calendar, WINDOWS, type QuotaWindow } from './window.js';

/** Options of {@link quotaServerInterceptor}. */
export interface QuotaOptions {
  /** Counts: `redisQuota`, `quotaCounter`, or a limiter of `limiterFrom` whose duration is at least the window. */
  readonly limiter: QuotaLimiter;
  /** The calendar window that a quota is for. Weeks begin on Monday. */
  readonly window: QuotaWindow;
  /** Whose quota it is. Calls for which it throws, or returns no string, share one. */
  readonly key: (call: ServerCallContext) => string;
  /**
   * What a call costs, a number above 0. Calls for which it throws, or returns anything else, cost 1.
   *
   * @default 1 for each
   */
  readonly cost?: (call: ServerCallContext) => number;
  /**
   * The time zone in which days begin, by its IANA name.
   *
   * @default 'UTC'
   */
  readonly timeZone?: string;
  /**
   * How long to wait for a limiter that answers by promise, in ms. When it fails, or takes longer, the call is admitted and a
   * warning says so once.
   *
   * @default 100
   */
  readonly limiterTimeoutMs?: number;
}

const OWNER = 'quotaServerInterceptor';
const NAME = 'quota';

/**
 * Refuses calls of a key that has used up its quota of a calendar window, with RESOURCE_EXHAUSTED, `QuotaFailure` and `RetryInfo`. How much
 * is left is in the trailers of every call: `ratelimit-limit`, `ratelimit-remaining` and `ratelimit-reset` (seconds), as the IETF draft
 * "RateLimit header fields for HTTP" first named them.
 *
 * @throws TypeError for a wrong option.
 * @example
 * quotaServerInterceptor({ limiter: redisQuota({ client, limit: 10_000 }), window: 'month', key: tenantOf })
 */
export function quotaServerInterceptor(options: QuotaOptions): ServerInterceptor {
  if (isListed(arguments)) return uncalled('quotaServerInterceptor', arguments);
  const check = optionsOf(OWNER, options, ['limiter', 'window', 'key', 'cost', 'timeZone', 'limiterTimeoutMs']);
  const limiter = check.having('limiter', 'an object with the function take(key, cost)', 'take');
  const window = check.oneOf('window', WINDOWS);
  const key = check.optionalFunction('key');
  if (typeof key !== 'function') throw check.error('key', 'a function', key);
  const costOf = costFunction(check.optionalFunction('cost'));
  const timeoutMs = check.number('limiterTimeoutMs', { min: 1, max: 60_000, fallback: 100 });
  const calendar = calendarOf(check.string('timeZone', 'UTC'), window, (got) =>
    check.error('timeZone', "a time zone's IANA name, such as 'Europe/Zurich'", got),
  );
  const keyOf = keyFunction(NAME, key, () => '');
  let endMs = 0;
  let foundAt = 0;

  const interceptor = defineServerInterceptor(NAME, ({ path }) => {
    const judge = (call: ServerCallContext, answer: unknown, resetAt: number): void => {
      const known = knownOf(answer);
      if (known === undefined) return;
      const resetMs = Math.max(0, resetAt - Date.now());
      const trailers = trailersOf(limiter.limit, known.remaining, resetMs);
      if (known.retryAfterMs > 0) throw exceeded(path, window, resetMs, trailers);
      call.responseTrailers.merge(trailers);
    };
    return (call): ServerHooks => ({
      admit: () => {
        const now = Date.now();
        // A clock that was set back must not keep the later window.
        if (now >= endMs || now < foundAt) endMs = calendar.endOf((foundAt = now));
        const resetAt = endMs;
        const answer = taken(limiter, windowKey(keyOf(call), resetAt), costOf(call));
        if (!isThenable(answer)) return judge(call, answer, resetAt);
        return within(answer, timeoutMs)
          .catch(failed)
          .then((settled) => judge(call, settled, resetAt));
      },
    });
  });
  return explained(interceptor, () => `${limiter.limit ?? 'a number'} for each key and ${window}`);
}

function calendarOf(timeZone: string, window: QuotaWindow, wrong: (got: string) => TypeError): Calendar {
  try {
    return new Calendar(window, timeZone);
  } catch {
    throw wrong(timeZone);
  }
}

function costFunction(cost: QuotaOptions['cost']): (call: ServerCallContext) => number {
  if (cost === undefined) return () => 1;
  return (call) => {
    try {
      const value: unknown = cost(call);
      if (typeof value === 'number' && value > 0 && value < Infinity) return value;
      reportHookFailure(NAME, 'cost', new TypeError(`cost returned ${String(value)} instead of a number above 0`));
    } catch (error) {
      reportHookFailure(NAME, 'cost', error);
    }
    return 1;
  };
}

function taken(limiter: QuotaLimiter, key: string, cost: number): unknown {
  try {
    return limiter.take(key, cost);
  } catch (error) {
    return failed(error);
  }
}

/** The limiter failed: the call is admitted. */
function failed(error: unknown): undefined {
  reportHookFailure(NAME, 'limiter', error);
}

function knownOf(answer: unknown): RateLimitAnswer | undefined {
  if (answer === undefined) return undefined;
  try {
    const retryAfterMs = retryAfterOf(answer);
    return typeof answer === 'object' ? { ...answer, retryAfterMs } : { retryAfterMs };
  } catch (error) {
    return failed(error);
  }
}

function trailersOf(limit: number | undefined, remaining: number | undefined, resetMs: number): Metadata {
  const trailers = new Metadata();
  if (limit !== undefined) trailers.set('ratelimit-limit', String(limit));
  if (remaining !== undefined) trailers.set('ratelimit-remaining', String(Math.max(0, Math.floor(remaining))));
  trailers.set('ratelimit-reset', String(Math.ceil(resetMs / 1000)));
  return trailers;
}

function exceeded(path: string, window: QuotaWindow, resetMs: number, trailers: Metadata): StatusError {
  const retryDelayMs = wholeDelay(resetMs);
  const metadata = trailers.clone();
  metadata.set(PUSHBACK_KEY, String(retryDelayMs));
  const resetsAt = new Date(Date.now() + resetMs).toISOString();
  const description = `The quota of this ${window} is used up; the next one begins at ${resetsAt}`;
  return new StatusError(status.RESOURCE_EXHAUSTED, `Quota exceeded for ${path}: ${description}`, {
    metadata,
    errorDetails: [errorDetail.quotaFailure([{ subject: path, description }]), errorDetail.retryInfo({ retryDelayMs })],
  });
}
