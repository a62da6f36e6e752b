import type { status } from '@grpc/grpc-js';
import { optionsOf, type OptionChecker } from '../core/base/options.js';
import {
  checkedRetryPolicy,
  checkedThrottling,
  retryPolicyNames,
  type RetryPolicy,
  type RetryThrottling,
} from '../core/shared/retry-policy.js';
import type { StatusError } from '../core/status/status-error.js';
import type { Method } from '../core/method.js';
import { exponentialBackoff, type Backoff } from './backoff.js';
import type { CallSettledEvent, GiveUpEvent, RetryEvent, RetryObserver } from './events.js';
import { listenerOf, type Listener } from '../core/shared/listeners.js';
import type { BufferLimits } from './replay-buffer.js';
import { ChannelThrottles } from './throttle.js';

/** What `shouldRetry` may decide by. */
export interface RetryQuestion {
  /** Which method is called. */
  readonly method: Method;
  /** Number of the attempt that failed: 1, 2, … */
  readonly attempt: number;
  /** What the attempt failed with. */
  readonly error: StatusError;
  /** What the policy says: the code is retryable, or the attempt had its time. */
  readonly retryable: boolean;
}

/** What may differ from call to call; see `withRetry`. */
export interface RetryOverrides extends RetryPolicy {
  /**
   * How long one attempt may stay without headers, message or status. Its expiry counts as retryable; the last attempt's
   * is DEADLINE_EXCEEDED. Once an attempt has answered, only the call's deadline counts.
   *
   * @default no limit
   */
  readonly perAttemptTimeoutMs?: number;
  /**
   * Replaces the exponential backoff, and with it `initialBackoffMs`, `maxBackoffMs` and `backoffMultiplier`. A delay that
   * is no number, or negative, is replaced by the exponential one.
   *
   * @default exponentialBackoff() of these options
   */
  readonly backoff?: Backoff;
  /**
   * Decides in the place of `retryableStatusCodes`, whose answer it is given. Limits still hold: attempts, throttling,
   * deadline, a server that says no, a commitment. If it throws, the call is not retried.
   *
   * @default ({ retryable }) => retryable
   * @example shouldRetry: ({ retryable, error }) => retryable && findDetail(error, 'errorInfo')?.reason !== 'QUOTA_OF_THE_DAY'
   */
  readonly shouldRetry?: (question: RetryQuestion) => boolean;
  /**
   * The longest delay that a server may ask for by pushback or RetryInfo. A longer one ends the call at once: whoever
   * waits for it is better served by the error.
   *
   * @default 300_000
   */
  readonly maxServerDelayMs?: number;
  /** Told of each failure that another attempt follows. */
  readonly onRetry?: (event: RetryEvent) => void;
  /** Told, once, of each call that fails for good, and why. */
  readonly onGiveUp?: (event: GiveUpEvent) => void;
}

/** How much of a request stream is kept; more commits the call to its present attempt. */
export interface BufferOptions {
  /**
   * How many messages are kept for one call.
   *
   * @default 1000
   */
  readonly maxBufferedMessages?: number;
  /**
   * About the memory of the messages that are kept for one call: text, bytes and numbers, estimated on the objects.
   *
   * @default 1_048_576
   */
  readonly maxBufferedBytes?: number;
}

/** Options of `retryClientInterceptor`. */
export interface RetryOptions extends RetryOverrides, BufferOptions {
  /**
   * A token bucket per channel that bounds the load which retries add. Recommended wherever many clients share a server:
   * `{ maxTokens: 10, tokenRatio: 0.1 }` keeps retries near a tenth of the successes.
   *
   * @default none, as in gRFC A6
   */
  readonly throttling?: RetryThrottling;
  /** For metrics: told of everything, also of calls with overrides. */
  readonly observer?: RetryObserver;
}

const overrideNames = [
  ...retryPolicyNames,
  'perAttemptTimeoutMs',
  'backoff',
  'shouldRetry',
  'maxServerDelayMs',
  'onRetry',
  'onGiveUp',
] as const;
const bufferNames = ['maxBufferedMessages', 'maxBufferedBytes'] as const;
const optionNames = [...overrideNames, ...bufferNames, 'throttling', 'observer'] as const;

/** Options with their defaults, all checked, as a call uses them. */
export interface ActiveRetry extends Pick<RetryOverrides, 'shouldRetry'> {
  readonly maxAttempts: number;
  readonly retryable: ReadonlySet<status>;
  readonly perAttemptTimeoutMs: number | undefined;
  readonly backoff: Backoff;
  /** Where `backoff` gives no possible delay. */
  readonly fallbackBackoff: Backoff;
  readonly maxServerDelayMs: number;
  readonly limits: BufferLimits;
  readonly throttles: ChannelThrottles | undefined;
  readonly onRetry: Listener<RetryEvent> | undefined;
  readonly onGiveUp: Listener<GiveUpEvent> | undefined;
  readonly onCallSettled: Listener<CallSettledEvent> | undefined;
}

/** @throws TypeError naming the first impossible option. */
export function activeRetry(owner: string, options: RetryOptions): ActiveRetry {
  const check = optionsOf(owner, options, optionNames);
  return {
    ...activeOverrides(owner, check, options),
    limits: bufferLimits(check),
    throttles: throttlesOf(owner, options),
  };
}

/** The policy of one call: its overrides over the interceptor's options, whose buffer limits and throttles it shares. */
export function overridden(base: ActiveRetry, baseOptions: RetryOptions, overrides: RetryOverrides): ActiveRetry {
  const options = { ...baseOptions, ...overrides };
  const { limits, throttles } = base;
  return { ...activeOverrides('withRetry', optionsOf('withRetry', options, optionNames), options), limits, throttles };
}

/** @throws TypeError naming the first impossible option, as soon as the overrides are written down. */
export function checkOverrides(overrides: RetryOverrides): void {
  activeOverrides('withRetry', optionsOf('withRetry', overrides, overrideNames), overrides);
}

function activeOverrides(
  owner: string,
  check: OptionChecker<RetryOverrides & Pick<RetryOptions, 'observer'>>,
  options: RetryOverrides & Pick<RetryOptions, 'observer'>,
): Omit<ActiveRetry, 'limits' | 'throttles'> {
  const { maxAttempts, retryableStatusCodes, ...backoff } = checkedRetryPolicy(owner, check, options);
  const fallbackBackoff = exponentialBackoff(backoff);
  const observer = check.optionalObserver('observer', 'onRetry', 'onGiveUp', 'onCallSettled');
  return {
    maxAttempts,
    retryable: new Set(retryableStatusCodes),
    perAttemptTimeoutMs: attemptTimeout(check, options),
    backoff: check.optionalFunction('backoff') ?? fallbackBackoff,
    fallbackBackoff,
    shouldRetry: check.optionalFunction('shouldRetry'),
    maxServerDelayMs: check.milliseconds('maxServerDelayMs', { min: 0, fallback: 300_000 }),
    onRetry: listenerOf('retry', 'onRetry', check.optionalFunction('onRetry'), observer?.onRetry?.bind(observer)),
    onGiveUp: listenerOf('retry', 'onGiveUp', check.optionalFunction('onGiveUp'), observer?.onGiveUp?.bind(observer)),
    onCallSettled: listenerOf('retry', 'onCallSettled', observer?.onCallSettled?.bind(observer)),
  };
}

function attemptTimeout(check: OptionChecker<RetryOverrides>, options: RetryOverrides): number | undefined {
  if (options.perAttemptTimeoutMs === undefined) return undefined;
  return check.milliseconds('perAttemptTimeoutMs', { min: 1 });
}

/** @throws TypeError on impossible tokens. */
export function throttlesOf(
  owner: string,
  { throttling }: Pick<RetryOptions, 'throttling'>,
): ChannelThrottles | undefined {
  if (throttling === undefined) return undefined;
  return new ChannelThrottles(checkedThrottling(`${owner}: throttling`, throttling));
}

/** @throws TypeError on an impossible limit. */
export function bufferLimits(check: OptionChecker<BufferOptions>): BufferLimits {
  return {
    maxMessages: check.number('maxBufferedMessages', { min: 0, fallback: 1000 }),
    maxBytes: check.number('maxBufferedBytes', { min: 0, fallback: 1024 * 1024 }),
  };
}
