// The interceptors.
export { metricsServerInterceptor } from './server-interceptor.js';
export { metricsClientInterceptor } from './client-interceptor.js';
export type { MetricsOptions } from './options.js';
// Observers of other interceptors, and of health.
export {
  retryMetrics,
  type CountedFailure,
  type RetryMetrics,
  type RetryMetricsOptions,
} from './observers/retry-metrics.js';
export {
  overloadMetrics,
  type CountedDecision,
  type OverloadMetrics,
  type OverloadMetricsOptions,
} from './observers/overload-metrics.js';
export type { CountedState, CountedStateChange } from './observers/breaker-states.js';
export { healthMetrics, type HealthMetricsOptions, type HealthStatuses } from './observers/health-metrics.js';
// For Prometheus to scrape.
export { metricsHandler, type ScrapedRegistry } from './metrics-handler.js';
// Shapes of what is given.
export type { PrometheusRegistry } from './exposition.js';
export type { Attributes, InstrumentOptions, MeterLike, MeterProviderLike } from './otel/api.js';
