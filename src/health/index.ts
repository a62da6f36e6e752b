// What a server serves.
export { HealthService, type HealthShutdownOptions } from './health-service.js';
export type { HealthChange, HealthServiceOptions } from './health-service-options.js';
export type { HealthProbe, ProbeResult } from './probe.js';
export type { HealthStatus, ServingStatus } from './status.js';

// What asks it.
export {
  checkHealth,
  watchHealth,
  type CheckHealthOptions,
  type HealthClientOptions,
  type WatchHealthOptions,
} from './health-client.js';
