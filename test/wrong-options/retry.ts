import * as retry from 'grpc-js-middleware/retry';
import {
  wrong,
  wrongArgument,
  wrongOptions,
  wrongPolicies,
  type WithoutOptions,
  type WrongCalls,
} from '../support/wrong.js';

const { policy, throttling } = wrongPolicies;
const jitter = { jitter: wrong.share, random: wrong.function };
const buffer = { maxBufferedMessages: wrong.atLeastZero, maxBufferedBytes: wrong.atLeastZero };
const perAttempt = { perAttemptTimeoutMs: wrong.time, backoff: wrong.function, shouldRetry: wrong.function };
const told = { onRetry: wrong.function, onGiveUp: wrong.function };

export const wrongCalls: WrongCalls = {
  retryClientInterceptor: [
    ...wrongOptions<retry.RetryOptions>(
      'retryClientInterceptor',
      retry.retryClientInterceptor,
      {},
      {
        ...policy,
        ...perAttempt,
        ...told,
        ...buffer,
        maxServerDelayMs: wrong.timeOrZero,
        throttling: wrong.object,
        observer: wrong.object,
      },
    ),
    ...wrongOptions<retry.RetryThrottling>(
      'retryClientInterceptor: throttling',
      (given) => retry.retryClientInterceptor({ throttling: given }),
      { maxTokens: 10, tokenRatio: 0.1 },
      throttling,
    ),
    ...wrongArgument('retryClientInterceptor: observer.onRetry', wrong.function, (onRetry) =>
      retry.retryClientInterceptor({ observer: { onRetry } }),
    ),
  ],
  withRetry: wrongOptions<retry.RetryOverrides>(
    'withRetry',
    retry.withRetry,
    {},
    {
      ...policy,
      ...perAttempt,
      ...told,
      maxServerDelayMs: wrong.timeOrZero,
    },
  ),
  exponentialBackoff: wrongOptions<retry.ExponentialBackoffOptions>(
    'exponentialBackoff',
    retry.exponentialBackoff,
    {},
    {
      initialBackoffMs: wrong.time,
      maxBackoffMs: wrong.time,
      backoffMultiplier: wrong.positive,
      ...jitter,
    },
  ),
  linearBackoff: wrongOptions<retry.LinearBackoffOptions>(
    'linearBackoff',
    retry.linearBackoff,
    { stepMs: 1 },
    { stepMs: [undefined, ...wrong.time], maxBackoffMs: wrong.time, ...jitter },
  ),
  constantBackoff: wrongOptions<retry.ConstantBackoffOptions>(
    'constantBackoff',
    retry.constantBackoff,
    { delayMs: 1 },
    { delayMs: [undefined, ...wrong.time], ...jitter },
  ),
  hedgingClientInterceptor: [
    ...wrongOptions<retry.HedgingOptions>(
      'hedgingClientInterceptor',
      retry.hedgingClientInterceptor,
      { maxAttempts: 2 },
      {
        maxAttempts: [undefined, ...wrong.count, 1],
        maxAttemptsLimit: [...wrong.count, 1],
        hedgingDelayMs: wrong.timeOrZero,
        nonFatalStatusCodes: wrong.statusCodes,
        throttling: wrong.object,
        onHedge: wrong.function,
        onGiveUp: wrong.function,
        observer: wrong.object,
        ...buffer,
      },
    ),
    ...wrongOptions<retry.RetryThrottling>(
      'hedgingClientInterceptor: throttling',
      (given) => retry.hedgingClientInterceptor({ maxAttempts: 2, throttling: given }),
      { maxTokens: 10, tokenRatio: 0.1 },
      throttling,
    ),
  ],
  idempotencyClientInterceptor: wrongOptions<retry.IdempotencyClientOptions>(
    'idempotencyClientInterceptor',
    retry.idempotencyClientInterceptor,
    {},
    { methods: wrong.match, newKey: wrong.function },
  ),
  idempotencyServerInterceptor: wrongOptions<retry.IdempotencyServerOptions>(
    'idempotencyServerInterceptor',
    retry.idempotencyServerInterceptor,
    { methods: '*' },
    {
      methods: [undefined, ...wrong.match],
      store: wrong.foreign,
      ttlMs: wrong.positive,
      leaseMs: wrong.time,
      requireKey: wrong.boolean,
      caller: wrong.function,
      finalStatusCodes: wrong.statusCodes,
      storeTimeoutMs: wrong.time,
      waitMs: wrong.timeOrZero,
      onStoreFailure: [null, '', 'ignore', true],
      onDecision: wrong.function,
    },
  ),
  memoryIdempotencyStore: wrongOptions<retry.MemoryStoreOptions>(
    'memoryIdempotencyStore',
    retry.memoryIdempotencyStore,
    {},
    { maxEntries: [...wrong.count, 1e9], maxBytes: [...wrong.count, 4095], callerShare: [null, '1', NaN, 0, -1, 1.5] },
  ),
};

export const withoutOptions: WithoutOptions = {
  encodeOutcome: 'takes an outcome',
  decodeOutcome: 'takes bytes',
};
