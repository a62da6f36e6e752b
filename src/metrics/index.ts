// The interceptors.
export { metricsServerInterceptor } from './server-interceptor.js';
export { metricsClientInterceptor } from './client-interceptor.js';
export type { MetricsOptions } from './options.js';
// For Prometheus to scrape.
export { metricsHandler, type ScrapedRegistry } from './metrics-handler.js';
// Shapes of what is given.
export type { PrometheusRegistry } from './exposition.js';
export type { Attributes, InstrumentOptions, MeterLike, MeterProviderLike } from './otel/api.js';
