import * as postgres from 'grpc-js-middleware/postgres';
import { sharedLimit } from '../support/wrong-limit.js';
import { wrong, wrongArgument, wrongOptions, type WrongCalls } from '../support/wrong.js';

const pool = { query: () => Promise.resolve({ rows: [], rowCount: 0 }), connect: () => undefined };
const pools = [undefined, ...wrong.foreign, { query: () => 1 }];
const tables = [...wrong.text, 'a b', 'a;', 'a.b.c', '1a', '"a"', 'a'.repeat(64)];

export const wrongCalls: WrongCalls = {
  postgresRateLimiter: [
    ...wrongOptions<postgres.PostgresRateLimiterOptions>(
      'postgresRateLimiter',
      postgres.postgresRateLimiter,
      { pool, ratePerSecond: 1, burst: 1 },
      { pool: pools, table: tables, keyPrefix: wrong.anyText, ...sharedLimit.rows },
    ),
    ...wrongOptions<postgres.LeaseSize>(
      'postgresRateLimiter: lease',
      (lease) => postgres.postgresRateLimiter({ pool, ratePerSecond: 1, burst: 1, lease }),
      { tokens: 1, ms: 1 },
      sharedLimit.leaseRows,
    ),
    ...wrongArgument('postgresRateLimiter: observer.onLease', wrong.function, (onLease) =>
      postgres.postgresRateLimiter({ pool, ratePerSecond: 1, burst: 1, observer: { onLease } }),
    ),
  ],
  postgresIdempotencyStore: wrongOptions<postgres.PostgresIdempotencyStoreOptions>(
    'postgresIdempotencyStore',
    postgres.postgresIdempotencyStore,
    { pool },
    { pool: pools, table: tables, cleanEveryMs: wrong.time },
  ),
  postgresMigration: wrongOptions<postgres.PostgresTables>(
    'postgresMigration',
    postgres.postgresMigration,
    {},
    { idempotencyTable: [true, ...tables], rateLimitTable: [true, ...tables] },
  ),
  migratePostgres: wrongOptions<postgres.MigrateOptions>(
    'migratePostgres',
    postgres.migratePostgres,
    { pool },
    { pool: pools, idempotencyTable: [true, ...tables], rateLimitTable: [true, ...tables] },
  ),
};
