import { parseArgs } from 'node:util';
import { registerShop } from '../clients.js';
import { ORDER_PROCESSES, readOrderProcesses, readPortOffset } from '../config.js';
import { openDatabase } from '../database/open.js';
import { Issuer } from '../identity/issuer.js';
import { openPeople } from '../journey/people.js';
import { addressTable } from '../plan.js';
import { measureOrders } from './orders.js';
import { measureProducts } from './products.js';
import { measureWatchers } from './watchers.js';

// npm run bench:shop: what the shop bears, against one that is open on PostgreSQL (DATABASE_URL) with --processes.

const SCHEME = 'bench';

const { values, positionals } = parseArgs({ allowPositionals: true, options: ORDER_PROCESSES });
const place = {
  portOffset: readPortOffset(process.env),
  orderProcesses: readOrderProcesses(values['order-processes']),
};
const url = process.env['DATABASE_URL'];
if (!url) throw new Error('DATABASE_URL is missing: the shop and this have to share a PostgreSQL.');
registerShop(SCHEME, addressTable(place));
const people = openPeople(SCHEME, await Issuer.fromFile());
const database = await openDatabase({ url, poolSize: 1 });

const MEASUREMENTS = {
  orders: () => measureOrders(people, url, database.sql, place),
  products: () => measureProducts(people, database.sql, place),
  watchers: () => measureWatchers(people),
};
for (const [name, measure] of Object.entries(MEASUREMENTS)) {
  if (positionals.length === 0 || positionals.includes(name)) console.log(await measure());
}

for (const clients of Object.values(people)) clients.close();
await database.close();
