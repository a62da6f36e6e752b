// Servers that serve what they can.
export { rateLimitServerInterceptor, type RateLimitOptions } from './rate-limit-server-interceptor.js';
export { tokenBucketLimiter, type TokenBucketOptions } from './rate-limiter.js';
export type { RateLimitAnswer, RateLimiter } from '../core/shared/rate-limiter.js';
export {
  concurrencyLimitServerInterceptor,
  type ConcurrencyLimit,
  type ConcurrencyLimitOptions,
} from './concurrency-limit-server-interceptor.js';
export {
  loadSheddingServerInterceptor,
  type LoadShedding,
  type LoadSheddingOptions,
} from './load-shedding-server-interceptor.js';

// Clients that leave a server alone while it fails.
export { circuitBreakerClientInterceptor, type CircuitBreakers } from './circuit-breaker-client-interceptor.js';
export type { BreakerQuestion, CircuitBreakerOptions } from './breaker-options.js';
export type { CircuitBreaker } from './breaker.js';

// What happened.
export type { DecisionListeners } from './listeners.js';
export type {
  BreakerState,
  BreakerStateChange,
  OverloadDecision,
  OverloadKind,
  OverloadObserver,
  OverloadVerdict,
} from './observer.js';

// Quotas, and limiters of others.
export { quotaServerInterceptor, type QuotaOptions } from './quota/quota-server-interceptor.js';
export { quotaCounter, type QuotaCounterOptions, type QuotaLimiter } from './quota/quota-counter.js';
export type { QuotaWindow } from './quota/window.js';
export { limiterFrom, type FlexibleLimiter, type FlexibleResult } from './limiter-from.js';
