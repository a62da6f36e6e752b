import { fileURLToPath } from 'node:url';
import type { Database } from './database.js';
import { seed } from './seed.js';

export interface DatabaseOptions {
  /** A `postgres://` URL; without one PGlite is used. */
  readonly url?: string;
  /** Connections to PostgreSQL, besides the one that listens. @default 16 */
  readonly poolSize?: number;
  /** PGlite without files: nothing is there after a restart. */
  readonly memory?: boolean;
  /** Where PGlite keeps its files. @default `.data` beside this example's package.json */
  readonly folder?: string;
  /** Told what is being done, for people who wait. */
  readonly onProgress?: (what: string) => void;
}

/** Where PGlite keeps its files. */
export const DATA = fileURLToPath(new URL('../../.data', import.meta.url));

/** Opens the shop's database. Either driver is loaded only when it is used. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, poolSize = 16, memory = false, folder = DATA } = options;
  if (url) {
    const { openPostgres } = await import('./postgres.js');
    return openPostgres(url, poolSize);
  }
  const { openPglite } = await import('./pglite.js');
  return openPglite(memory ? undefined : folder);
}

/** A database in its newest form; a fresh one holds a catalogue and three users. */
export async function prepareDatabase(options: DatabaseOptions): Promise<Database> {
  const { onProgress = () => undefined } = options;
  onProgress(options.url ? 'connecting to PostgreSQL' : 'starting the database');
  const database = await openDatabase(options);
  try {
    onProgress('bringing the tables up to date');
    await database.migrate();
    if (await seed(database.sql)) onProgress('filling the catalogue');
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
