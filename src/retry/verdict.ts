import type { StatusObject } from '@grpc/grpc-js';
import type { Method } from '../core/method.js';
import { MAX_DELAY_MS } from '../core/base/timer.js';
import { reportHookFailure } from '../core/base/report-failure.js';
import { StatusError } from '../core/status/status-error.js';
import type { Attempt } from './attempt.js';
import type { DelayFrom, GiveUpReason } from './events.js';
import type { ActiveRetry } from './options.js';
import { serverDelayOf } from './server-delay.js';
import type { ThrottledCall } from './throttle.js';

/** What follows a failed attempt. */
export type Verdict = { readonly delayMs: number; readonly delayFrom: DelayFrom } | { readonly giveUp: GiveUpReason };

/** A failed attempt; its error is made only for those who ask. */
export class Failure {
  private made: StatusError | undefined;

  constructor(
    readonly method: Method,
    readonly attempt: Attempt,
    readonly status: StatusObject,
  ) {}

  get error(): StatusError {
    return (this.made ??= StatusError.from(this.status));
  }
}

/** Where the call stands when an attempt fails. */
export interface CallState {
  readonly call: ThrottledCall;
  /** Retries since the start or the last pushback. */
  readonly retries: number;
  /** Until the call's deadline. */
  readonly remainingMs: number;
}

/** gRFC A6, in its order: what the server says, the code, the throttle, the attempts, and what time is left. */
export function judge(policy: ActiveRetry, failure: Failure, state: CallState): Verdict {
  const asked = serverDelayOf(failure.status.metadata, () => failure.error);
  if (asked !== undefined && 'refusal' in asked) {
    policy.throttles?.failed(state.call);
    return { giveUp: asked.refusal };
  }
  if (!isRetryable(policy, failure)) return { giveUp: 'notRetryable' };
  if (policy.throttles?.failed(state.call) === false) return { giveUp: 'throttled' };
  if (failure.attempt.number >= policy.maxAttempts) return { giveUp: 'maxAttempts' };
  if (asked !== undefined && asked.delayMs > policy.maxServerDelayMs) return { giveUp: 'serverDelay' };
  const delayMs = asked?.delayMs ?? backoffOf(policy, failure, state.retries + 1);
  if (delayMs >= state.remainingMs) return { giveUp: 'deadline' };
  return { delayMs, delayFrom: asked?.from ?? 'backoff' };
}

function isRetryable(policy: ActiveRetry, failure: Failure): boolean {
  const { method, attempt, status } = failure;
  const retryable = attempt.timedOut || policy.retryable.has(status.code);
  if (policy.shouldRetry === undefined) return retryable;
  try {
    // A promise is no yes: nobody could wait for it.
    return policy.shouldRetry({ method, attempt: attempt.number, error: failure.error, retryable }) === true;
  } catch (error) {
    reportHookFailure('retry', 'shouldRetry', error);
    return false;
  }
}

function backoffOf(policy: ActiveRetry, failure: Failure, retry: number): number {
  const context = {
    retry,
    attempt: failure.attempt.number,
    get error() {
      return failure.error;
    },
  };
  try {
    const delayMs = policy.backoff(context);
    if (delayMs >= 0) return Math.min(delayMs, MAX_DELAY_MS);
    throw new TypeError(`backoff must return a number of at least 0, got ${String(delayMs)}`);
  } catch (error) {
    reportHookFailure('retry', 'backoff', error);
    return policy.fallbackBackoff(context);
  }
}
