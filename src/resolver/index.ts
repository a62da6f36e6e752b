// Where a name's addresses come from.
export { registerStaticResolver, type StaticResolver, type StaticTable } from './static-resolver.js';
export { registerPollingDnsResolver, type PollingDnsOptions } from './polling-dns-resolver.js';
export { dnsLookup, srvLookup, systemLookup, type DnsLookup, type DnsQuestion, type DnsServers } from './dns-lookup.js';
export { registerAddressSource, type AddressSource, type AddressSourceOptions } from './address-source.js';
export type { ResolverError, ResolverErrorListener } from './resolver-errors.js';

// How calls are spread over them.
export { roundRobin, serviceConfig, type ServiceConfigOptions } from './service-config.js';
export type { MethodSettings } from './method-config.js';
export type { HealthCheckOptions, RoundRobinOptions } from './round-robin.js';
export type {
  EjectionVolume,
  FailurePercentageEjection,
  OutlierDetectionOptions,
  SuccessRateEjection,
} from './outlier-detection.js';
export type { BackoffOptions } from './backoff.js';
