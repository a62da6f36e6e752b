import { existsSync } from 'node:fs';
import { openDatabase, DATA } from '../database/open.js';
import { Issuer } from '../identity/issuer.js';
import { httpUrl } from '../plan.js';
import { checkBooks, type Finding } from './books.js';

/** Where the books are kept. */
export interface BooksPlace {
  readonly databaseUrl: string | undefined;
  readonly portOffset: number;
}

/**
 * Reads the books of a running or a stopped shop: from PostgreSQL, which is there in either case; from the shop that has
 * the embedded database open; or from the files that it left.
 *
 * @throws Error with a sentence when there is neither.
 */
export async function askForBooks({ databaseUrl, portOffset }: BooksPlace): Promise<readonly Finding[]> {
  if (databaseUrl === undefined) {
    const answered = await askTheShop(portOffset);
    if (answered !== undefined) return answered;
    if (!existsSync(`${DATA}/pglite`)) throw new Error('There are no books yet: start the shop first, with npm start.');
  }
  const database = await openDatabase({ url: databaseUrl });
  try {
    await database.migrate();
    return await checkBooks(database.sql);
  } finally {
    await database.close();
  }
}

/** Nothing when no shop is open. */
async function askTheShop(portOffset: number): Promise<readonly Finding[] | undefined> {
  const issuer = await Issuer.fromFile();
  const token = await issuer.token({ userId: 3, role: 'admin' });
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${httpUrl(portOffset)}/books`, { headers }).catch(() => undefined);
  if (response === undefined) return undefined;
  if (!response.ok) throw new Error(`The shop could not check its books: ${await response.text()}`);
  return (await response.json()) as readonly Finding[];
}
