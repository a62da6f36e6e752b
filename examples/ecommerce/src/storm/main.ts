import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { askForBooks } from '../books/ask.js';
import { registerShop } from '../clients.js';
import { ORDER_PROCESSES, readOrderProcesses, readPortOffset } from '../config.js';
import { OrderStatus } from '../gen/ecommerce/order.js';
import { Issuer } from '../identity/issuer.js';
import { openPeople } from '../journey/people.js';
import { Striker } from '../journey/striker.js';
import { addressTable, replicas } from '../plan.js';
import { security } from '../tls/credentials.js';
import { audit, readBooks } from './books.js';
import { rush } from './rush.js';
import { buy, cancel, move, pay, PRICE, refund, stockUp } from './trade.js';

// npm run storm: a rush on the last pieces, then a thousand orders in the middle of which order processes die, against a
// shop that is open. Every order that was acknowledged has to be there, none twice, and the books have to agree.

const BUYERS = 50;
const SCHEME = 'storm';

/** How long the shop may need to come to rest. */
const SETTLED_MS = 30_000;

const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '1000' },
    tls: { type: 'boolean', default: false },
    ...ORDER_PROCESSES,
  },
});
const wanted = Number(values.orders);
const place = {
  portOffset: readPortOffset(process.env),
  orderProcesses: readOrderProcesses(values['order-processes']),
};
registerShop(SCHEME, addressTable(place));
const issuer = await Issuer.fromFile();
const people = openPeople(SCHEME, issuer, security(values).customer);
const { ada, admin } = people;
const striker = new Striker(place.portOffset, issuer);

const acknowledged: number[] = [];
const holds = [await rushOnTheLastPieces(), await storm()].every(Boolean);
process.exitCode = holds ? 0 : 1;
for (const clients of Object.values(people)) clients.close();

/** A hundred buyers of fifty pieces. */
async function rushOnTheLastPieces(): Promise<boolean> {
  const productId = await stockUp(admin, 50);
  const { orderIds, tooLate } = await rush(ada, 100, 1, productId);
  return report('A hundred buyers of fifty pieces', {
    'fifty have bought one': new Set(orderIds).size === 50,
    'fifty came too late': tooLate === 50,
    ...audit(await readBooks(admin, productId, 50)),
  });
}

async function storm(): Promise<boolean> {
  const productId = await stockUp(admin, 2 * wanted); // since a piece comes back later than the next buyer may want it
  const startedAt = performance.now();
  await Promise.all([tradeAll(productId), killOrderProcesses()]);
  const seconds = (performance.now() - startedAt) / 1000;
  const { claims, orderIds } = await settledBooks(productId);
  return report(`${wanted} orders in ${seconds.toFixed(1)} s, ${Math.round(wanted / seconds)} a second`, {
    'every acknowledged order is there': acknowledged.every((id) => orderIds.has(id)),
    'none was acknowledged twice': new Set(acknowledged).size === wanted,
    'none is there that nobody was told of': orderIds.size === wanted,
    ...claims,
    ...(await balance()),
  });
}

async function tradeAll(productId: number): Promise<void> {
  let begun = 0;
  const trader = async () => {
    while (begun < wanted) await trade(productId, ++begun);
  };
  await Promise.all(Array.from({ length: BUYERS }, trader));
}

/** Of ten orders three are cancelled, two of them paid; one is never paid, two are refunded, one in part; two are moved on. */
async function trade(productId: number, turn: number): Promise<void> {
  const order = await buy(ada, 1, productId);
  acknowledged.push(order.id);
  if (turn % 10 === 0) return cancel(admin, order);
  if (turn % 10 === 1) return;
  const payment = await pay(ada, order);
  if (turn % 10 === 2) await refund(admin, payment, PRICE);
  if (turn % 10 === 3) await refund(admin, payment, PRICE / 4);
  if (turn % 10 === 4) await cancel(admin, order);
  if (turn % 10 === 5) await cancel(ada, order);
  if (turn % 10 === 6) await move(admin, order, OrderStatus.SHIPPED);
  if (turn % 10 === 7) {
    await move(admin, order, OrderStatus.SHIPPED);
    await move(admin, order, OrderStatus.DELIVERED);
  }
}

/** After a quarter of the orders, and after half of them: each order process in turn. */
async function killOrderProcesses(): Promise<void> {
  const names = replicas(place).flatMap(({ name, server }) => (server === 'orders' ? name : []));
  for (const [turn, share] of [0.25, 0.5].entries()) {
    while (acknowledged.length < wanted * share) await delay(5);
    const name = names[turn % names.length]!;
    await striker.strike(name, 'stop');
    await striker.strike(name, 'start');
  }
}

/** What customers and analytics see, once the shop has come to rest. */
async function settledBooks(productId: number) {
  const patience = performance.now() + SETTLED_MS;
  for (;;) {
    const books = await readBooks(admin, productId, 2 * wanted);
    const claims = audit(books);
    if (Object.values(claims).every(Boolean) || performance.now() > patience) {
      return { claims, orderIds: new Set(books.orders.map(({ id }) => id)) };
    }
    await delay(1_000);
  }
}

/** What `npm run books` says. */
async function balance(): Promise<Record<string, boolean>> {
  const findings = await askForBooks({ ...place, databaseUrl: process.env['DATABASE_URL'] || undefined });
  for (const problem of findings.flatMap(({ problems }) => problems)) console.log(problem);
  return Object.fromEntries(findings.map(({ claim, problems }) => [claim, problems.length === 0]));
}

function report(title: string, claims: Record<string, boolean>): boolean {
  console.log(title);
  for (const [claim, holds] of Object.entries(claims)) console.log(`${holds ? '✓' : '✗'} ${claim}`);
  return Object.values(claims).every(Boolean);
}
