import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { MIGRATIONS, type Database } from '../database/database.js';
import { prepareDatabase } from '../database/open.js';
import { openPglite } from '../database/pglite.js';

const CACHE = fileURLToPath(new URL('../../.data/templates', import.meta.url));

/**
 * A seeded database of one's own, gone when closed. In memory by default, copied from a template because a new PGlite
 * takes seconds; with DATABASE_URL, a new database on that server.
 */
export function openTestDatabase(): Promise<Database> {
  const url = process.env['DATABASE_URL'];
  return url ? newPostgresDatabase(url) : newMemoryDatabase();
}

async function newMemoryDatabase(): Promise<Database> {
  const template = join(CACHE, `${versionOf(['../../drizzle', '../database/seed.ts', '../identity/people.ts'])}.tgz`);
  if (!existsSync(template)) await writeTemplate(template);
  return openPglite(undefined, { loadDataDir: new Blob([readFileSync(template)]) });
}

/** Renamed into place when complete: another test file may be doing the same. */
async function writeTemplate(file: string): Promise<void> {
  const { PGlite } = await import('@electric-sql/pglite');
  const { drizzle } = await import('drizzle-orm/pglite');
  const { migrate } = await import('drizzle-orm/pglite/migrator');
  const { seed } = await import('../database/seed.js');
  const client = await PGlite.create();
  await migrate(drizzle(client), { migrationsFolder: fileURLToPath(MIGRATIONS) });
  await seed(drizzle(client));
  const dump = await client.dumpDataDir('gzip');
  await client.close();
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, Buffer.from(await dump.arrayBuffer()));
  renameSync(`${file}.${process.pid}`, file);
}

/** Changes whenever what a template is made of changes. */
function versionOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) for (const file of filesAt(path)) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

function filesAt(path: string): string[] {
  const absolute = fileURLToPath(new URL(path, import.meta.url));
  if (absolute.endsWith('.ts')) return [absolute];
  return readdirSync(absolute)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => join(absolute, name));
}

async function newPostgresDatabase(url: string): Promise<Database> {
  const name = `shop_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(url, `create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const database = await prepareDatabase({ url: own.href });
  return {
    ...database,
    async close() {
      await database.close();
      await onServer(url, `drop database ${name} with (force)`);
    },
  };
}

/** Runs one statement on a connection of its own. */
export async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
