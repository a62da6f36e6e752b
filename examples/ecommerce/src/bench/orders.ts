import { sql as raw } from 'drizzle-orm';
import type { Sql } from '../database/database.js';
import type { People } from '../journey/people.js';
import type { Place } from '../plan.js';
import { products } from '../services/products/schema.js';
import { buy } from '../storm/trade.js';
import { rateOf } from './at-once.js';
import { DirectOrders } from './direct-orders.js';
import { processMetrics } from './process-metrics.js';

const ORDERS = 3_000;
/** By then V8 has compiled what each replica does; the first thousands are a quarter slower. */
const WARM_UP = 12_000;
const BUYERS = 48;
const CONNECTIONS = 16;

/** Orders a second that the shop should make, unless the database itself takes fewer. */
const TARGET = 300;

/** Orders of any of twenty products, by any of three users: as the database alone takes them, and through the shop. */
export async function measureOrders({ admin }: People, url: string, sql: Sql, place: Place): Promise<string> {
  const onShelf = await sql
    .update(products)
    .set({ stock: raw`${products.stock} + ${WARM_UP + ORDERS}` })
    .where(raw`${products.id} <= 20`)
    .returning({ id: products.id });
  const userOf = (turn: number) => (turn % 3) + 1;
  const productOf = (turn: number) => onShelf[turn % onShelf.length]!.id;

  const direct = new DirectOrders(url, CONNECTIONS);
  const write = (turn: number) => direct.create(userOf(turn), productOf(turn));
  await rateOf(ORDERS / 4, CONNECTIONS, write); // warms up
  const database = await rateOf(ORDERS, CONNECTIONS, write);
  await direct.close();

  const order = (turn: number) => buy(admin, userOf(turn), productOf(turn));
  await rateOf(WARM_UP, BUYERS, order);
  const before = await processorTime(place);
  const shop = await rateOf(ORDERS, BUYERS, order);
  const after = await processorTime(place);

  const limit = Math.min(TARGET, database);
  const verdict = shop >= limit ? 'reached' : `missed, ${Math.round((100 * shop) / limit)} % of it`;
  return [
    `Orders: the shop made ${shop.toFixed(0)} a second, the database alone took ${database.toFixed(0)}. Target: ${limit.toFixed(0)}, ${verdict}.`,
    `  Milliseconds of processor time for one: ${inWords(before, after)}.`,
  ].join('\n');
}

/** Milliseconds that each process has used, customers being this one. */
async function processorTime(place: Place): Promise<Map<string, number>> {
  const { user, system } = process.cpuUsage();
  const shop = await processMetrics('process_cpu_seconds_total', place);
  return new Map([['customers', (user + system) / 1_000], ...[...shop].map(([name, s]) => [name, s * 1_000] as const)]);
}

function inWords(before: Map<string, number>, after: Map<string, number>): string {
  const each = [...after].map(([name, ms]) => [name, (ms - (before.get(name) ?? 0)) / ORDERS] as const);
  const all = each.reduce((sum, [, ms]) => sum + ms, 0);
  return [...each, ['all', all] as const].map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(', ');
}
