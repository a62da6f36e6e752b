// Retry.
export { retryClientInterceptor } from './client-interceptor.js';
export { withRetry } from './with-retry.js';
export {
  constantBackoff,
  exponentialBackoff,
  linearBackoff,
  type Backoff,
  type BackoffContext,
  type ConstantBackoffOptions,
  type ExponentialBackoffOptions,
  type JitterOptions,
  type LinearBackoffOptions,
} from './backoff.js';
export type { BufferOptions, RetryOptions, RetryOverrides, RetryQuestion } from './options.js';
export type { RetryPolicy, RetryThrottling, StatusCode } from '../core/shared/retry-policy.js';

// Hedging.
export { hedgingClientInterceptor } from './hedging-client-interceptor.js';
export type { HedgingOptions } from './hedging-options.js';

// Idempotency.
export { idempotencyClientInterceptor, type IdempotencyClientOptions } from './idempotency/client-interceptor.js';
export { idempotencyServerInterceptor } from './idempotency/server-interceptor.js';
export { memoryIdempotencyStore, type MemoryStoreOptions } from './idempotency/memory-store.js';
export { decodeOutcome, encodeOutcome, type IdempotencyOutcome } from '../core/shared/idempotency-outcome.js';
export type { Claim, ClaimTerms, IdempotencyId, IdempotencyStore } from '../core/shared/idempotency-store.js';
export type { IdempotencyDecision, IdempotencyEvent, IdempotencyServerOptions } from './idempotency/options.js';

// What happened.
export type {
  CallSettledEvent,
  CallSubject,
  DelayFrom,
  GiveUpEvent,
  GiveUpReason,
  HedgeEvent,
  RetryEvent,
  RetryObserver,
  RetryReason,
} from './events.js';
