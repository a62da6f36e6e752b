import { optionsOf } from '../core/base/options.js';
import type { PostgresPool } from './pool.js';
import { indexOf, poolOf, tableOf } from './table.js';

/** Which tables to make; both unless one is `false`. */
export interface PostgresTables {
  /** The table of `postgresIdempotencyStore`, or `false` for none. @default 'grpc_idempotency' */
  readonly idempotencyTable?: string | false;
  /** The table of `postgresRateLimiter`, or `false` for none. @default 'grpc_rate_limit' */
  readonly rateLimitTable?: string | false;
}

/** Options of {@link migratePostgres}. */
export interface MigrateOptions extends PostgresTables {
  /** A `Pool` of the package `pg`. */
  readonly pool: PostgresPool;
}

export const IDEMPOTENCY_TABLE = 'grpc_idempotency';
export const RATE_LIMIT_TABLE = 'grpc_rate_limit';

/** Processes that start together must not create a table together. */
const LOCK = 'SELECT pg_advisory_xact_lock(4774, 1);';

/**
 * The tables of this path as SQL, for your own migrations. It can run more than once: what exists stays.
 *
 * @throws TypeError for a wrong option.
 */
export function postgresMigration(tables: PostgresTables = {}): string {
  return sqlOf('postgresMigration', tables);
}

/**
 * Creates the tables of this path, unless they exist. Several processes may do so at once.
 *
 * @throws TypeError for a wrong option; otherwise what the pool rejects with.
 */
export async function migratePostgres(options: MigrateOptions): Promise<void> {
  const check = optionsOf('migratePostgres', options, ['pool', 'idempotencyTable', 'rateLimitTable']);
  const pool = poolOf(check);
  const { idempotencyTable, rateLimitTable } = options;
  await pool.query(`${LOCK}\n${sqlOf('migratePostgres', { idempotencyTable, rateLimitTable })}`);
}

function sqlOf(owner: string, tables: PostgresTables): string {
  optionsOf(owner, tables, ['idempotencyTable', 'rateLimitTable']);
  return [
    nameOf(owner, tables, 'idempotencyTable', IDEMPOTENCY_TABLE, idempotencySql),
    nameOf(owner, tables, 'rateLimitTable', RATE_LIMIT_TABLE, rateLimitSql),
  ].join('');
}

function nameOf(
  owner: string,
  tables: PostgresTables,
  option: keyof PostgresTables,
  fallback: string,
  sql: (table: string) => string,
): string {
  const given = tables[option];
  if (given === false) return '';
  try {
    return sql(tableOf(optionsOf(owner, { table: given }, ['table']), fallback));
  } catch {
    throw optionsOf(owner, tables, ['idempotencyTable', 'rateLimitTable']).error(
      option,
      "a table's name, or false",
      given,
    );
  }
}

/** Records stay until they expire; the key is a hash of caller, method and key, which may be long and secret. */
function idempotencySql(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (
  id text COLLATE "C" PRIMARY KEY,
  method text NOT NULL,
  fingerprint text NOT NULL,
  owner text NOT NULL,
  outcome bytea,
  expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ${indexOf(table, 'expires_at')} ON ${table} (expires_at);
`;
}

/** Unlogged: buckets are written often, and may be full again after a crash. Room in each page keeps updates local to it. */
function rateLimitSql(table: string): string {
  return `CREATE UNLOGGED TABLE IF NOT EXISTS ${table} (
  key text COLLATE "C" PRIMARY KEY,
  full_at float8 NOT NULL,
  at float8 NOT NULL,
  limits text NOT NULL,
  granted float8 NOT NULL,
  level float8 NOT NULL,
  other_limits boolean NOT NULL
) WITH (fillfactor = 50);
`;
}
