import { status, type ServerInterceptor } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { explained } from '../core/description.js';
import type { ServerHooks } from '../core/hooks.js';
import { optionsOf, type OptionChecker } from '../core/base/options.js';
import { isThenable, reportHookFailure } from '../core/base/report-failure.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { retryAfterOf, type RateLimiter } from '../core/shared/rate-limiter.js';
import { checkListeners } from './checks.js';
import { keyFunction } from './keys.js';
import { announcer, type DecisionListeners } from './listeners.js';
import { limiterFor, type TokenBucketOptions } from './rate-limiter.js';
import { Refusals, Refused, wholeDelay } from './refusal.js';
import { within } from './within.js';

/** Options of {@link rateLimitServerInterceptor}. */
export interface RateLimitOptions extends Partial<TokenBucketOptions>, DecisionListeners {
  /**
   * Counts in the place of this process, which then needs no `ratePerSecond`, `burst` and `maxKeys`. When it throws,
   * rejects, answers nonsense or nothing within `limiterTimeoutMs`, the call is admitted and a warning says so once: the
   * limit protects the service, so its own failure must not become the service's.
   *
   * @default token buckets in this process
   */
  readonly limiter?: RateLimiter;
  /**
   * How long to wait for a limiter that answers by promise, in ms.
   *
   * @default 100
   */
  readonly limiterTimeoutMs?: number;
  /**
   * Whose call it is: each key has a bucket of its own. Calls for which it throws, or answers no string, share one.
   *
   * @default one bucket for all
   * @example key: (call) => identityOf(call)?.subject ?? 'anonymous'
   */
  readonly key?: (call: ServerCallContext) => string;
  /**
   * Decides and reports, and refuses nothing: to find the right limit under real traffic.
   *
   * @default false
   */
  readonly dryRun?: boolean;
}

const OWNER = 'rateLimitServerInterceptor';
const NAME = 'rate-limit';
const BUCKET = ['ratePerSecond', 'burst', 'maxKeys'] as const;
const NAMES = [...BUCKET, 'limiter', 'limiterTimeoutMs', 'key', 'dryRun', 'onDecision', 'observer'] as const;

/** The key of calls that have none: no function's answer, since those of more than 256 characters are hashed. */
const SHARED_KEY = '';

/**
 * Refuses calls over a rate with RESOURCE_EXHAUSTED, before their handler runs, and says exactly when the next one will
 * be admitted: by google.rpc `RetryInfo`, and by `grpc-retry-pushback-ms` (gRFC A6). A call is one token whatever its
 * kind: a stream's messages are not counted.
 *
 * @throws TypeError for a wrong option.
 * @example
 * rateLimitServerInterceptor({ ratePerSecond: 50, burst: 100, key: (call) => identityOf(call)?.subject ?? call.peer })
 */
export function rateLimitServerInterceptor(options: RateLimitOptions): ServerInterceptor {
  if (isListed(arguments)) return uncalled('rateLimitServerInterceptor', arguments);
  const check = optionsOf(OWNER, options, NAMES);
  checkListeners(check);
  const limiter = limiterOf(check, options);
  const timeoutMs = check.number('limiterTimeoutMs', { min: 1, max: 60_000, fallback: 100 });
  const key = check.optionalFunction('key');
  const keyOf = key === undefined ? () => SHARED_KEY : keyFunction(NAME, key, () => SHARED_KEY);
  const dryRun = check.boolean('dryRun', false);
  const announce = announcer('rate_limit', NAME, options);

  const interceptor = defineServerInterceptor(NAME, ({ path }) => {
    const text = `${path} is rejected by grpc_ratelimit middleware, please retry later. Rate limit exceeded`;
    const refusals = new Refusals(status.RESOURCE_EXHAUSTED, text);
    const judge = (call: ServerCallContext, answer: unknown): ServerHooks | undefined => {
      const delayMs = delayOf(answer);
      if (delayMs === 0) {
        announce?.(call, 'admitted', 0);
        return undefined;
      }
      announce?.(call, dryRun ? 'would_refuse' : 'refused', wholeDelay(delayMs));
      return dryRun ? undefined : new Refused(refusals.after(delayMs));
    };
    return (call) => {
      const answer = taken(limiter, keyOf(call));
      if (!isThenable(answer)) return judge(call, answer);
      const waiting = within(answer, timeoutMs).catch(admitting);
      return { admit: () => waiting.then((settled) => judge(call, settled)?.admit?.()) };
    };
  });
  const limit =
    options.limiter === undefined ? `${options.ratePerSecond}/s, burst ${options.burst}` : 'a limiter of its own';
  const mode = dryRun ? ', dry run' : '';
  return explained(interceptor, () => `${limit}, ${key ? 'for each key' : 'for all callers together'}${mode}`);
}

function limiterOf(check: OptionChecker<RateLimitOptions>, options: RateLimitOptions): RateLimiter {
  const { limiter } = options;
  if (limiter === undefined) return limiterFor(check);
  check.having('limiter', 'an object with the function take(key)', 'take');
  const other = BUCKET.find((name) => options[name] !== undefined);
  if (other !== undefined) throw check.error(other, 'left out where a limiter is given', options[other]);
  return limiter;
}

function taken(limiter: RateLimiter, key: string): unknown {
  try {
    return limiter.take(key);
  } catch (error) {
    return admitting(error);
  }
}

/** A limiter's answer as a delay. */
function delayOf(answer: unknown): number {
  try {
    return retryAfterOf(answer);
  } catch (error) {
    return admitting(error);
  }
}

/** The limiter failed: the operator is told, the call goes on. */
function admitting(error: unknown): 0 {
  reportHookFailure(NAME, 'limiter', error);
  return 0;
}
