import { optionsOf } from '../core/base/options.js';
import { LeasedLimiter } from '../overload/leases/leased-limiter.js';
import {
  leaseOptions,
  SHARED_LIMIT_NAMES,
  type SharedLimitOptions,
  type SharedRateLimiter,
} from '../overload/leases/options.js';
import { RATE_LIMIT_TABLE } from './migration.js';
import { poolOf, tableOf, type TableOptions } from './table.js';
import { PostgresTokenStore } from './token-store.js';

/** Options of {@link postgresRateLimiter}. */
export interface PostgresRateLimiterOptions extends SharedLimitOptions, TableOptions {
  /**
   * The table's name, after a schema and a dot if it is in one. `migratePostgres` creates it.
   *
   * @default 'grpc_rate_limit'
   */
  readonly table?: string;
  /**
   * What the keys of this limit begin with. Limits that are to count apart need different prefixes.
   *
   * @default ''
   */
  readonly keyPrefix?: string;
}

const OWNER = 'postgresRateLimiter';

/**
 * Token buckets in a table of PostgreSQL, one row per key, shared by all processes: for rates of up to a few hundred leases a
 * second. Leases, bounds and outages are those of `redisRateLimiter`.
 *
 * @throws TypeError for a wrong option.
 * @example
 * await migratePostgres({ pool });
 * rateLimitServerInterceptor({ limiter: postgresRateLimiter({ pool, ratePerSecond: 100, burst: 50 }) });
 */
export function postgresRateLimiter(options: PostgresRateLimiterOptions): SharedRateLimiter {
  const check = optionsOf(OWNER, options, [...SHARED_LIMIT_NAMES, 'pool', 'table', 'keyPrefix']);
  const pool = poolOf(check);
  const table = tableOf(check, RATE_LIMIT_TABLE);
  const lease = leaseOptions(OWNER, check, options);
  const store = new PostgresTokenStore(pool, table, check.text('keyPrefix', ''), lease.ratePerSecond, lease.burst);
  return new LeasedLimiter(store, lease);
}
