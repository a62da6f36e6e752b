import pg from 'pg';
import { describe } from 'vitest';
import { findPostgres, startPostgres, type PostgresServer } from '../../scripts/postgres-server.mjs';

const installed = findPostgres() !== undefined;
if (!installed) {
  const text = 'PostgreSQL is not installed (apt-get install postgresql)';
  if (process.env['REQUIRE_STORES']) throw new Error(text);
  console.warn(`${text}: tests on PostgreSQL are skipped`);
}

/** Tests on a real PostgreSQL; skipped where none is installed, unless REQUIRE_STORES is set. */
export const describeOnPostgres = describe.skipIf(!installed);

const open: (() => unknown)[] = [];

/** A PostgreSQL server of one's own, ended by {@link closePostgres}. */
export async function postgresServer(): Promise<PostgresServer> {
  const server = await startPostgres();
  open.push(() => server.stop());
  return server;
}

/** A pool of connections to it. */
export function poolTo({ url }: PostgresServer, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4, ...options });
  pool.on('error', () => undefined);
  open.push(() => pool.end());
  return pool;
}

/** Ends the servers and pools that were made here, the latest first. */
export async function closePostgres(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}
