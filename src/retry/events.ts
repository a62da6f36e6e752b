import type { status } from '@grpc/grpc-js';
import type { Method } from '../core/method.js';
import type { StatusError } from '../core/status/status-error.js';

/** Who set a delay: the policy's backoff, the server by its pushback trailer, or the server by RetryInfo. */
export type DelayFrom = 'backoff' | 'pushback' | 'retryInfo';

/** Why an attempt is made again: its status, or no answer within `perAttemptTimeoutMs`. */
export type RetryReason = 'status' | 'attemptTimeout';

/** Which call an event is about. */
export interface CallSubject {
  /** Which method is called. */
  readonly method: Method;
  /** The channel's target, such as `dns:shop.example:443`; empty while no attempt was made. */
  readonly target: string;
}

/** An attempt failed and another one will follow. */
export interface RetryEvent extends CallSubject {
  /** Number of the attempt that failed: 1, 2, … */
  readonly attempt: number;
  /** What the attempt failed with. */
  readonly error: StatusError;
  /** Why another one follows. */
  readonly reason: RetryReason;
  /** How long the next attempt waits. */
  readonly delayMs: number;
  /** Who set the delay. */
  readonly delayFrom: DelayFrom;
}

/**
 * Why a failure became the call's end.
 * - `notRetryable`: its code is none of the retryable ones, or `shouldRetry` said no.
 * - `maxAttempts`: it was the last attempt.
 * - `deadline`: the next attempt would have started after the call's deadline.
 * - `throttled`: too few calls of the channel succeed.
 * - `pushback`, `malformedPushback`: the server said "do not retry", or something that cannot be read.
 * - `serverDelay`: the server asked for a longer delay than `maxServerDelayMs`.
 * - `committed`: response headers or a message had arrived before.
 * - `bufferOverflow`: the request stream had outgrown its buffer.
 * - `cancelled`: by the application.
 * - `channelClosed`: the channel was closed between two attempts, or the attempt could not be made.
 */
export type GiveUpReason =
  | 'notRetryable'
  | 'maxAttempts'
  | 'deadline'
  | 'throttled'
  | 'pushback'
  | 'malformedPushback'
  | 'serverDelay'
  | 'committed'
  | 'bufferOverflow'
  | 'cancelled'
  | 'channelClosed';

/** A call failed and will not be tried again. */
export interface GiveUpEvent extends CallSubject {
  /** How many attempts were made. */
  readonly attempts: number;
  /** What the call failed with. */
  readonly error: StatusError;
  /** Why it is not tried again. */
  readonly reason: GiveUpReason;
}

/** A hedge was sent: a further attempt beside those that run. */
export interface HedgeEvent extends CallSubject {
  /** Number of the attempt that starts: 2, 3, … */
  readonly attempt: number;
  /** The delay had passed, or an attempt had failed with a non-fatal code. */
  readonly reason: 'delay' | 'failure';
}

/** A logical call ended, well or not. */
export interface CallSettledEvent extends CallSubject {
  /** How many attempts were made. */
  readonly attempts: number;
  /** How it ended. */
  readonly code: status;
  /** Time spent waiting between attempts, in milliseconds. */
  readonly retryDelayMs: number;
}

/** Follows all calls of a retry or hedging interceptor: for metrics, mostly. Nothing it throws affects a call. */
export interface RetryObserver {
  /** Told of each failure that another attempt follows. */
  onRetry?(event: RetryEvent): void;
  /** Told of each attempt beside running ones. */
  onHedge?(event: HedgeEvent): void;
  /** Told, once, of each call that fails for good. */
  onGiveUp?(event: GiveUpEvent): void;
  /** Told, once, of each call that ends. */
  onCallSettled?(event: CallSettledEvent): void;
}
