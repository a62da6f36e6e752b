import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Database } from '../database/database.js';
import type { Rules } from '../rules.js';

/** What services are given to work with. */
export interface Resources {
  readonly database: Database;
}

/** One gRPC service of the shop, as its folder in `services/` exports it. */
export interface ShopService {
  readonly definition: ServiceDefinition;
  /** What makes its requests acceptable. */
  readonly rules: Rules;
  implement(resources: Resources): UntypedServiceImplementation;
}
