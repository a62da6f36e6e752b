import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { ShopClients } from '../clients.js';
import type { Database } from '../database/database.js';
import type { Rules } from '../rules.js';

/** What services are given to work with. */
export interface Resources {
  readonly database: Database;
  /** The other services, called as a service of the shop. */
  readonly peers: ShopClients;
  /** Aborts when the shop closes: what runs in the background ends. */
  readonly closing: AbortSignal;
  /** How long an order may wait for its payment. */
  readonly orderTtlMs: number;
}

/** One gRPC service of the shop, as its folder in `services/` exports it. */
export interface ShopService {
  readonly definition: ServiceDefinition;
  /** What makes its requests acceptable. */
  readonly rules: Rules;
  implement(resources: Resources): UntypedServiceImplementation;
}
