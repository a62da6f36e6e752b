// Requests that run once.
export { postgresIdempotencyStore, type PostgresIdempotencyStoreOptions } from './idempotency-store.js';

// Limits that several processes share.
export { postgresRateLimiter, type PostgresRateLimiterOptions } from './rate-limiter.js';

// Their tables.
export { migratePostgres, postgresMigration, type MigrateOptions, type PostgresTables } from './migration.js';

// What is given, and what happened.
export type { PostgresPool, PostgresResult } from './pool.js';
export type { TableOptions } from './table.js';
export type {
  LeaseEvent,
  LeaseSize,
  LimiterAnswer,
  SharedLimitObserver,
  SharedLimitOptions,
  SharedRateLimiter,
  WhenAway,
} from '../overload/leases/options.js';
export type { StoreState } from '../overload/leases/outage.js';
