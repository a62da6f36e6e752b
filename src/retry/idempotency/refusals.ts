import { Metadata, status } from '@grpc/grpc-js';
import { errorDetail } from '../../core/status/details.js';
import { withoutStack } from '../../core/base/without-stack.js';
import { StatusError, toStatusObject } from '../../core/status/status-error.js';
import { failureOf, type IdempotencyOutcome } from '../../core/shared/idempotency-outcome.js';
import { IDEMPOTENCY_KEY } from './key.js';

/** When to come back: soon, since what is waited for is a call or a store. */
const RETRY_DELAY_MS = 1000;

/** The largest int32, which is what a pushback can say. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * The draft for HTTP answers 422. FAILED_PRECONDITION here, and not INVALID_ARGUMENT: the request as such is fine, it is
 * what happened before that forbids it.
 */
export function keyReused(): StatusError {
  return refusal('IDEMPOTENCY_KEY_REUSED', `This ${IDEMPOTENCY_KEY} was used for another request`);
}

/** The method is served to calls with a key only. */
export function keyMissing(): StatusError {
  const errorDetails = [errorInfo('IDEMPOTENCY_KEY_MISSING')];
  return withoutStack(new StatusError(status.INVALID_ARGUMENT, `${IDEMPOTENCY_KEY} is required`, { errorDetails }));
}

/** Another process has not finished it; a retry will find the outcome. */
export function busyElsewhere(): StatusError {
  return comeBack('The same request is still running');
}

/** It cannot be known whether the request has been done; nothing is done until it can. */
export function storeFailed(cause: unknown): StatusError {
  return comeBack('The record of finished requests cannot be read', cause);
}

/** The store keeps what it has, and so has no room for another key. */
export function storeFull(retryAfterMs: unknown): StatusError {
  const delayMs =
    typeof retryAfterMs === 'number' && retryAfterMs >= 1 ? Math.min(retryAfterMs, MAX_DELAY_MS) : undefined;
  const wholeMs = Math.ceil(delayMs ?? RETRY_DELAY_MS);
  return comeBack('Too many idempotency keys are remembered', undefined, status.RESOURCE_EXHAUSTED, wholeMs);
}

/** What a duplicate is told of a request that ran, and whose outcome could not be kept. */
export function lostOutcome(): IdempotencyOutcome {
  const error = refusal('IDEMPOTENCY_OUTCOME_LOST', 'This request has been run, and its outcome could not be kept');
  return failureOf(toStatusObject(error));
}

function refusal(reason: string, details: string): StatusError {
  return withoutStack(new StatusError(status.FAILED_PRECONDITION, details, { errorDetails: [errorInfo(reason)] }));
}

const errorInfo = (reason: string): ReturnType<typeof errorDetail.errorInfo> =>
  errorDetail.errorInfo({ reason, domain: 'grpc-js-middleware', metadata: {} });

function comeBack(
  details: string,
  cause?: unknown,
  code = status.UNAVAILABLE,
  retryDelayMs = RETRY_DELAY_MS,
): StatusError {
  const metadata = new Metadata();
  metadata.set('grpc-retry-pushback-ms', String(retryDelayMs));
  const errorDetails = [errorDetail.retryInfo({ retryDelayMs })];
  return withoutStack(new StatusError(code, details, { metadata, cause, errorDetails }));
}
