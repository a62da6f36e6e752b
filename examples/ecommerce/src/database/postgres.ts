import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { PreparedClient } from './prepared-client.js';
import { MIGRATIONS, type Database } from './database.js';
import { PostgresListener } from './postgres-listener.js';

/** Any number; the same for every process that migrates this database. */
const MIGRATION_LOCK = 50_051;

/** What a connection may take: a process that hangs or vanishes in a transaction must not keep its locks. */
const LIMITS = {
  connectionTimeoutMillis: 5_000,
  /** No call waits longer. */
  statement_timeout: 10_000,
  /** Between two statements there is no more than a little work of ours. */
  idle_in_transaction_session_timeout: 3_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
};

/** A PostgreSQL server, shared by as many processes as one likes. */
export async function openPostgres(url: string, poolSize: number): Promise<Database> {
  const pool = new pg.Pool({ Client: PreparedClient, connectionString: url, max: poolSize, ...LIMITS });
  // A connection that breaks is replaced when one is next needed. Without listeners it would end the process: the pool
  // tells of those that are idle, the others tell themselves.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  await pool.query('select 1').catch(async (error: unknown) => {
    await pool.end();
    throw new Error(`DATABASE_URL: cannot reach PostgreSQL: ${messageOf(error)}`, { cause: error });
  });
  const listener = new PostgresListener(url);
  return {
    sql: drizzle(pool),
    description: `PostgreSQL at ${placeOf(url)}`,
    listen: (channel, heard) => listener.listen(channel, heard),
    migrate: () => migrateAlone(url),
    async close() {
      await listener.close();
      await pool.end();
    },
  };
}

/** Processes that start together take turns: the first migrates, the others find it done. */
async function migrateAlone(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migrate(drizzle(client), { migrationsFolder: fileURLToPath(MIGRATIONS) });
  } finally {
    await client.end();
  }
}

/** Host and database, without user and password. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

function messageOf(error: unknown): string {
  // A host with several addresses fails with an AggregateError, whose own message is empty.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return first instanceof Error ? first.message : String(first);
}
