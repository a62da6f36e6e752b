import type { StatusError } from '../core/status/status-error.js';
import { optionsOf, type OptionChecker } from '../core/base/options.js';
import { MAX_DELAY_MS } from '../core/base/timer.js';

/**
 * How long to wait before a retry, in milliseconds. A plain function, so that yours is one too.
 *
 * @example
 * const impatientOnConflicts: Backoff = ({ retry, error }) => (error.code === status.ABORTED ? 5 : 100 * retry);
 */
export type Backoff = (context: BackoffContext) => number;

/** What a {@link Backoff} may decide by. */
export interface BackoffContext {
  /** 1 before the first retry, 2 before the second, …; starts again at 1 after a delay that the server set by pushback. */
  readonly retry: number;
  /** Number of the attempt that failed: 1, 2, … */
  readonly attempt: number;
  /** Why it failed. */
  readonly error: StatusError;
}

/** What all backoffs of this library have in common. */
export interface JitterOptions {
  /**
   * The delay is multiplied by a random number from 1 - jitter to 1 + jitter, so that clients which failed together do not
   * come back together. From 0 to 1.
   *
   * @default 0.2 for {@link exponentialBackoff} (gRFC A6), 0 for the others
   */
  readonly jitter?: number;
  /**
   * Source of randomness, from 0 (inclusive) to 1.
   *
   * @default Math.random
   */
  readonly random?: () => number;
}

/** Options of {@link exponentialBackoff}, named as in gRFC A6. */
export interface ExponentialBackoffOptions extends JitterOptions {
  /** The first delay, in milliseconds, above 0. @default 100 */
  readonly initialBackoffMs?: number;
  /** What no delay exceeds, before jitter, in milliseconds. @default 1000 */
  readonly maxBackoffMs?: number;
  /** By how much each delay exceeds the one before, above 0. @default 2 */
  readonly backoffMultiplier?: number;
}

/**
 * gRFC A6: retry n waits min(initial · multiplier^(n-1), max), give or take 20 % unless `jitter` says otherwise.
 *
 * @throws TypeError on an impossible option.
 */
export function exponentialBackoff(options: ExponentialBackoffOptions = {}): Backoff {
  const names = ['initialBackoffMs', 'maxBackoffMs', 'backoffMultiplier', 'jitter', 'random'] as const;
  const check = optionsOf('exponentialBackoff', options, names);
  const initial = check.milliseconds('initialBackoffMs', { above: 0, fallback: 100 });
  const max = check.milliseconds('maxBackoffMs', { above: 0, fallback: 1000 });
  const multiplier = check.number('backoffMultiplier', { above: 0, fallback: 2 });
  const jitter = jitterOf(check, options, 0.2);
  return ({ retry }) => jitter(Math.min(initial * multiplier ** (retry - 1), max));
}

/** Options of {@link linearBackoff}. */
export interface LinearBackoffOptions extends JitterOptions {
  /** The first delay, and what each further one adds, in milliseconds, above 0. */
  readonly stepMs: number;
  /** What no delay exceeds, before jitter, in milliseconds. @default 2_147_483_647, the longest that setTimeout keeps */
  readonly maxBackoffMs?: number;
}

/**
 * Retry n waits n steps: 100, 200, 300 ms for `stepMs` 100. Without jitter unless asked for.
 *
 * @throws TypeError on an impossible option.
 */
export function linearBackoff(options: LinearBackoffOptions): Backoff {
  const check = optionsOf('linearBackoff', options, ['stepMs', 'maxBackoffMs', 'jitter', 'random']);
  const step = check.milliseconds('stepMs', { above: 0 });
  const max = check.milliseconds('maxBackoffMs', { above: 0, fallback: MAX_DELAY_MS });
  const jitter = jitterOf(check, options, 0);
  return ({ retry }) => jitter(Math.min(step * retry, max));
}

/** Options of {@link constantBackoff}. */
export interface ConstantBackoffOptions extends JitterOptions {
  /** Every delay, in milliseconds, above 0. */
  readonly delayMs: number;
}

/**
 * Every retry waits the same. Without jitter unless asked for.
 *
 * @throws TypeError on an impossible option.
 */
export function constantBackoff(options: ConstantBackoffOptions): Backoff {
  const check = optionsOf('constantBackoff', options, ['delayMs', 'jitter', 'random']);
  const delayMs = check.milliseconds('delayMs', { above: 0 });
  const jitter = jitterOf(check, options, 0);
  return () => jitter(delayMs);
}

function jitterOf(
  check: OptionChecker<JitterOptions>,
  options: JitterOptions,
  fallback: number,
): (ms: number) => number {
  const jitter = check.number('jitter', { min: 0, max: 1, fallback });
  check.optionalFunction('random');
  const { random = Math.random } = options;
  return jitter === 0 ? (ms) => ms : (ms) => ms * (1 - jitter + 2 * jitter * random());
}
