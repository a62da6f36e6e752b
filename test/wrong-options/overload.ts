import * as overload from 'grpc-js-middleware/overload';
import { wrong, wrongArgument, wrongOptions, type WrongCalls } from '../support/wrong.js';

const listeners = {
  onDecision: wrong.function,
  observer: wrong.object,
};

export const wrongCalls: WrongCalls = {
  rateLimitServerInterceptor: [
    ...wrongOptions<overload.RateLimitOptions>(
      'rateLimitServerInterceptor',
      overload.rateLimitServerInterceptor,
      { ratePerSecond: 1, burst: 1 },
      {
        ratePerSecond: [undefined, ...wrong.positive],
        burst: [undefined, ...wrong.positive, 0.5],
        maxKeys: [...wrong.count, 1e9],
        limiter: wrong.foreign,
        limiterTimeoutMs: wrong.time,
        key: wrong.function,
        dryRun: wrong.boolean,
        ...listeners,
      },
    ),
    ...wrongArgument('rateLimitServerInterceptor: burst', [2], (burst) =>
      overload.rateLimitServerInterceptor({ limiter: { take: () => 0 }, burst }),
    ),
  ],
  tokenBucketLimiter: wrongOptions<overload.TokenBucketOptions>(
    'tokenBucketLimiter',
    overload.tokenBucketLimiter,
    { ratePerSecond: 1, burst: 1 },
    {
      ratePerSecond: [undefined, ...wrong.positive],
      burst: [undefined, ...wrong.positive, 0.5],
      maxKeys: [...wrong.count, 1e9],
    },
  ),
  concurrencyLimitServerInterceptor: wrongOptions<overload.ConcurrencyLimitOptions>(
    'concurrencyLimitServerInterceptor',
    overload.concurrencyLimitServerInterceptor,
    { max: 1 },
    {
      max: [undefined, ...wrong.count],
      queue: [...wrong.atLeastZero, 1.5, 1e9],
      queueTimeoutMs: wrong.time,
      dryRun: wrong.boolean,
      holdUntilSettled: wrong.boolean,
      ...listeners,
    },
  ),
  loadSheddingServerInterceptor: wrongOptions<overload.LoadSheddingOptions>(
    'loadSheddingServerInterceptor',
    overload.loadSheddingServerInterceptor,
    {},
    { targetDelayMs: wrong.time, priority: wrong.function, dryRun: wrong.boolean, ...listeners },
  ),
  circuitBreakerClientInterceptor: [
    ...wrongOptions<overload.CircuitBreakerOptions>(
      'circuitBreakerClientInterceptor',
      overload.circuitBreakerClientInterceptor,
      {},
      {
        key: wrong.function,
        failureRate: [...wrong.positive, 1.1],
        minimumCalls: wrong.count,
        windowMs: wrong.time,
        openMs: wrong.time,
        halfOpenCalls: wrong.count,
        isFailure: wrong.function,
        maxKeys: wrong.count,
        dryRun: wrong.boolean,
        onStateChange: wrong.function,
        ...listeners,
      },
    ),
    ...wrongArgument('circuitBreakerClientInterceptor: observer.onStateChange', wrong.function, (onStateChange) =>
      overload.circuitBreakerClientInterceptor({ observer: { onStateChange } }),
    ),
  ],
  quotaServerInterceptor: wrongOptions<overload.QuotaOptions>(
    'quotaServerInterceptor',
    overload.quotaServerInterceptor,
    { limiter: { take: () => 0 }, window: 'day', key: () => '' },
    {
      limiter: [undefined, ...wrong.foreign],
      window: [undefined, null, '', 'decade', 5],
      key: [undefined, ...wrong.function],
      cost: wrong.function,
      timeZone: [...wrong.text, 'Middle/Earth'],
      limiterTimeoutMs: wrong.time,
    },
  ),
  quotaCounter: wrongOptions<overload.QuotaCounterOptions>(
    'quotaCounter',
    overload.quotaCounter,
    { limit: 1 },
    { limit: [undefined, ...wrong.positive], maxKeys: [...wrong.count, 1e9] },
  ),
  limiterFrom: wrongArgument('limiterFrom: limiter', [undefined, ...wrong.foreign], overload.limiterFrom),
};
