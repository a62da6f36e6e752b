import type { OptionChecker } from '../core/base/options.js';

/** How fast repeated failures slow down. */
export interface BackoffOptions {
  /**
   * The delay after the first failure, in milliseconds.
   *
   * @default 1_000
   */
  readonly initialBackoffMs?: number;
  /**
   * The longest delay, in milliseconds, before the jitter.
   *
   * @default 120_000
   */
  readonly maxBackoffMs?: number;
}

/** Beyond this, the jitter could lead past what setTimeout keeps. */
const MAX_BACKOFF_MS = 2 ** 30;

/** @throws TypeError naming the option that is wrong. */
export function checkedBackoff(check: OptionChecker<BackoffOptions>): Required<BackoffOptions> {
  return {
    initialBackoffMs: check.number('initialBackoffMs', { min: 1, max: MAX_BACKOFF_MS, fallback: 1_000 }),
    maxBackoffMs: check.number('maxBackoffMs', { min: 1, max: MAX_BACKOFF_MS, fallback: 120_000 }),
  };
}

/**
 * gRPC's connection backoff: each delay is 1.6 times the one before, ± 20 %, so that clients which failed together do
 * not come back together.
 */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor({ initialBackoffMs = 1_000, maxBackoffMs = 120_000 }: BackoffOptions = {}) {
    this.#initialMs = initialBackoffMs;
    this.#maxMs = maxBackoffMs;
  }

  /** The delay to wait now, after one more failure. */
  next(): number {
    const delay = Math.min(this.#initialMs * 1.6 ** this.#failures, this.#maxMs);
    this.#failures++;
    return jittered(delay, 0.2);
  }

  /** After a success. */
  reset(): void {
    this.#failures = 0;
  }
}

/** A delay up to this share longer or shorter. */
export function jittered(delayMs: number, share: number): number {
  return delayMs * (1 + share * (2 * Math.random() - 1));
}
