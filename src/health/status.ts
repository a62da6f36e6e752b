import { HealthCheckResponse_ServingStatus as Wire } from '../gen/grpc/health/v1/health.js';

/** What a server says of a service it knows. */
export type ServingStatus = 'SERVING' | 'NOT_SERVING';

/**
 * What a client may hear. `SERVICE_UNKNOWN`: the server does not know the service (yet). `UNKNOWN` is in the protocol,
 * though no server of ours sends it.
 */
export type HealthStatus = ServingStatus | 'UNKNOWN' | 'SERVICE_UNKNOWN';

/** The number on the wire; a service without a status is one that the server does not know. */
export function toWire(status: ServingStatus | undefined): Wire {
  if (status === undefined) return Wire.SERVICE_UNKNOWN;
  return status === 'SERVING' ? Wire.SERVING : Wire.NOT_SERVING;
}

/** The name of a number from the wire; a number that the protocol has no name for says nothing, so it is `UNKNOWN`. */
export function fromWire(status: Wire): HealthStatus {
  if (status === Wire.SERVING) return 'SERVING';
  if (status === Wire.NOT_SERVING) return 'NOT_SERVING';
  return status === Wire.SERVICE_UNKNOWN ? 'SERVICE_UNKNOWN' : 'UNKNOWN';
}
