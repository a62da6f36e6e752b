import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sql as raw } from 'drizzle-orm';
import type { Sql } from '../database/database.js';
import { ProductCategory } from '../gen/ecommerce/product.js';
import type { People } from '../journey/people.js';
import type { Place } from '../plan.js';
import { processMetrics } from './process-metrics.js';

const PRODUCTS = 100_000;

/** How often both ends are weighed on the way. */
const EVERY = 10_000;

const MIB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Streams the whole catalogue, and weighs both ends on the way. */
export async function measureProducts({ stranger }: People, sql: Sql, place: Place): Promise<string> {
  await sql.execute(raw`
    insert into products.products (name, description, price_cents, stock, category, tags)
    select 'Product ' || n, repeat('One of very many. ', 10), 100, 1, ${ProductCategory.BOOKS}::smallint, '{many}'
    from generate_series(1, ${PRODUCTS}) n`);
  const selection = { page: 0, pageSize: 0, category: ProductCategory.BOOKS, all: true };
  const startedAt = performance.now();
  const weights = [await weigh(place)];
  let count = 0;
  for await (const _product of stranger.products.listProducts(selection)) {
    if (++count % EVERY === 0) weights.push(await weigh(place));
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const rows = weights.map(({ server, client }) => `${server} and ${client}`);
  return [
    `ListProducts: ${count} products in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second.`,
    `  MiB at the servers and at the client, at the start and after each ${EVERY}: ${rows.join(', ')}.`,
  ].join('\n');
}

/** Resident memory of the three product replicas together; of this process what is in use once garbage is collected. */
async function weigh(place: Place): Promise<{ readonly server: number; readonly client: number }> {
  const resident = await processMetrics('process_resident_memory_bytes', place);
  const server = [...resident].reduce((sum, [name, bytes]) => sum + (name.startsWith('products-') ? bytes : 0), 0);
  collectGarbage();
  return { server: Math.round(server / MIB), client: Math.round(process.memoryUsage().heapUsed / MIB) };
}
