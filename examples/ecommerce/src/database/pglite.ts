import { fileURLToPath } from 'node:url';
import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { lockFolder } from './folder-lock.js';
import { MIGRATIONS, type Database } from './database.js';

/** PostgreSQL in this process, its files in a folder that no other process may use meanwhile; without one, in memory. */
export async function openPglite(folder: string | undefined, options: PGliteOptions = {}): Promise<Database> {
  const lock = folder === undefined ? undefined : lockFolder(folder);
  try {
    const client = await PGlite.create({
      ...options,
      dataDir: folder === undefined ? 'memory://' : `${folder}/pglite`,
    });
    return pgliteDatabase(client, folder, () => lock?.release());
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function pgliteDatabase(client: PGlite, folder: string | undefined, onClosed: () => void): Database {
  const sql = drizzle(client);
  return {
    sql,
    description: folder === undefined ? 'PGlite, in memory' : `PGlite, in ${folder}`,
    // In the same process there is no connection that could be lost: onGap never comes.
    listen: (channel, listener) => client.listen(channel, (payload) => listener.onPayload(payload)),
    migrate: () => migrate(sql, { migrationsFolder: fileURLToPath(MIGRATIONS) }),
    async close() {
      await client.close();
      onClosed();
    },
  };
}
