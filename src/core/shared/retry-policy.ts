import { status } from '@grpc/grpc-js';
import { optionsOf, type OptionChecker } from '../base/options.js';

/** A status code, as grpc-js's number or by its name, in capitals or not. */
export type StatusCode = status | keyof typeof status | Lowercase<keyof typeof status>;

/** When to try again, in the terms of gRFC A6: for a retry interceptor or, by `serviceConfig`, for grpc-js itself. */
export interface RetryPolicy {
  /**
   * How often a call is tried, the first time included: an integer of at least 2. More than {@link maxAttemptsLimit}
   * counts as that.
   *
   * @default 4
   */
  readonly maxAttempts?: number;
  /**
   * The most that `maxAttempts` may ask for. gRFC A6 has a client treat more than 5 as 5, since every attempt is load for
   * a server that is already failing.
   *
   * @default 5
   */
  readonly maxAttemptsLimit?: number;
  /**
   * The delay before the first retry, before jitter, in milliseconds, above 0.
   *
   * @default 100
   */
  readonly initialBackoffMs?: number;
  /**
   * What no delay exceeds, before jitter, in milliseconds, above 0.
   *
   * @default 1000
   */
  readonly maxBackoffMs?: number;
  /**
   * By how much each delay exceeds the one before, above 0.
   *
   * @default 2
   */
  readonly backoffMultiplier?: number;
  /**
   * The codes that are worth another attempt. `OK` and an empty list are refused.
   *
   * @default ['UNAVAILABLE']
   */
  readonly retryableStatusCodes?: readonly StatusCode[];
}

/** The names of {@link RetryPolicy}, for `optionsOf`. @internal */
export const retryPolicyNames = [
  'maxAttempts',
  'maxAttemptsLimit',
  'initialBackoffMs',
  'maxBackoffMs',
  'backoffMultiplier',
  'retryableStatusCodes',
] as const;

/** A {@link RetryPolicy} with its defaults, all of it known to be possible. @internal */
export interface CheckedRetryPolicy {
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly retryableStatusCodes: readonly status[];
}

/**
 * Token bucket of gRFC A6, shared by all calls of a channel: a failure takes one token, a success gives `tokenRatio`
 * back, and nothing is retried while half of the tokens or fewer are left. Fractions beyond three decimals are cut off.
 */
export interface RetryThrottling {
  /** From 0.001 to 1000. */
  readonly maxTokens: number;
  /** From 0.001 to 1000: about what share of the successes may be retries while the server fails. */
  readonly tokenRatio: number;
}

/** @throws TypeError naming the first option that makes the policy impossible. @internal */
export function checkedRetryPolicy<T extends RetryPolicy>(
  owner: string,
  check: OptionChecker<T>,
  policy: T,
): CheckedRetryPolicy {
  const { retryableStatusCodes = ['UNAVAILABLE'] } = policy;
  return {
    maxAttempts: checkedAttempts(owner, check, policy),
    initialBackoffMs: check.milliseconds('initialBackoffMs', { above: 0, fallback: 100 }),
    maxBackoffMs: check.milliseconds('maxBackoffMs', { above: 0, fallback: 1000 }),
    backoffMultiplier: check.number('backoffMultiplier', { above: 0, fallback: 2 }),
    retryableStatusCodes: checkedCodes(check, 'retryableStatusCodes', retryableStatusCodes),
  };
}

/** `maxAttempts` under its limit; a limit that bites warns, since the caller wrote the higher number. @internal */
export function checkedAttempts<T extends Pick<RetryPolicy, 'maxAttempts' | 'maxAttemptsLimit'>>(
  owner: string,
  check: OptionChecker<T>,
  policy: T,
): number {
  const maxAttempts = check.number('maxAttempts', { min: 2, integer: true, fallback: 4 });
  const limit = check.number('maxAttemptsLimit', { min: 2, integer: true, fallback: 5 });
  if (maxAttempts > limit) {
    const advice = policy.maxAttemptsLimit === undefined ? '; raise maxAttemptsLimit for more' : '';
    process.emitWarning(`${owner}: maxAttempts ${maxAttempts} counts as ${limit} (gRFC A6)${advice}`, {
      code: 'GRPC_JS_MIDDLEWARE_OPTION',
    });
  }
  return Math.min(maxAttempts, limit);
}

/** Codes as numbers, each once. An empty list is possible only where `allowEmpty` says so. @internal */
export function checkedCodes(
  check: OptionChecker<object>,
  option: string,
  codes: readonly StatusCode[],
  { allowEmpty = false } = {},
): readonly status[] {
  const expected = `${allowEmpty ? 'a list' : 'a non-empty list'} of status codes or their names`;
  if (!Array.isArray(codes) || (codes.length === 0 && !allowEmpty)) throw check.error(option, expected, codes);
  const numbers = codes.map((code: StatusCode) => {
    const number = codeOf(code);
    if (number === undefined) throw check.error(option, `${expected}, OK excepted`, code);
    return number;
  });
  return [...new Set(numbers)];
}

function codeOf(code: unknown): status | undefined {
  const number = typeof code === 'string' ? status[code.toUpperCase() as keyof typeof status] : code;
  return typeof number === 'number' && number > 0 && status[number] !== undefined ? number : undefined;
}

/** Tokens as gRFC A6 counts them: cut off (not rounded) after three decimals. @internal */
export function checkedThrottling(owner: string, throttling: RetryThrottling): RetryThrottling {
  const check = optionsOf(owner, throttling, ['maxTokens', 'tokenRatio']);
  const range = { min: 0.001, max: 1000 };
  return {
    maxTokens: threeDecimals(check.number('maxTokens', range)),
    tokenRatio: threeDecimals(check.number('tokenRatio', range)),
  };
}

// 0.57 * 1000 is 569.9…: the small addend undoes the error of the multiplication and nothing more.
const threeDecimals = (value: number): number => Math.floor(value * 1000 + 1e-6) / 1000;
