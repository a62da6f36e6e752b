import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Metadata, status } from '@grpc/grpc-js';
import { isStatusError } from 'grpc-js-middleware';
import { registerShop } from '../clients.js';
import { readPortOffset } from '../config.js';
import { OrderStatus, type Order } from '../gen/ecommerce/order.js';
import { ProductCategory } from '../gen/ecommerce/product.js';
import { Issuer } from '../identity/issuer.js';
import { addressTable } from '../plan.js';
import { openPeople, type People } from './people.js';
import { Striker } from './striker.js';

// npm run storm: a thousand orders, in the middle of which the order process dies, against a shop that is open. Every
// order that was acknowledged has to be there, none twice, and the stock has to agree.

const BUYERS = 50;
const SCHEME = 'storm';
/** What says that nobody knows, or not yet: the same order is sent again, under its key. */
const UNSURE = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.ABORTED, status.RESOURCE_EXHAUSTED];

const { values } = parseArgs({
  options: { orders: { type: 'string', default: '1000' }, tls: { type: 'boolean', default: false } },
});
const wanted = Number(values.orders);
const portOffset = readPortOffset(process.env);
registerShop(SCHEME, addressTable(portOffset));
const issuer = await Issuer.fromFile();
const people = openPeople(SCHEME, issuer);
const striker = new Striker(portOffset, issuer);

/** How many orders have been acknowledged. */
let done = 0;
const productId = await newProduct(people, wanted * 2);
const startedAt = performance.now();
const [acknowledged] = await Promise.all([buyAll(), killOrders()]);
const seconds = (performance.now() - startedAt) / 1000;
process.exitCode = (await booksAgree(acknowledged)) ? 0 : 1;
console.log(
  `${wanted} orders in ${seconds.toFixed(1)} s, ${Math.round(wanted / seconds)} a second, two deaths included.`,
);
for (const clients of Object.values(people)) clients.close();

async function newProduct({ admin }: People, stock: number): Promise<number> {
  const fields = { name: 'Storm Lantern', description: 'Burns on', price: 20, stock, category: ProductCategory.HOME };
  const { product } = await admin.products.createProduct({ ...fields, tags: [] });
  return product!.id;
}

async function buyAll(): Promise<number[]> {
  const ids: number[] = [];
  let begun = 0;
  const buyer = async () => {
    while (begun < wanted) {
      begun++;
      ids.push(await buyUntilSure());
      done = ids.length;
    }
  };
  await Promise.all(Array.from({ length: BUYERS }, buyer));
  return ids;
}

/** One order, sent until its answer has come. */
async function buyUntilSure(): Promise<number> {
  const metadata = new Metadata();
  metadata.set('idempotency-key', randomUUID());
  const item = { productId, quantity: 1, productName: '', unitPrice: 0, totalPrice: 0 };
  const shippingAddress = { street: '1 Shore Rd', city: 'Galway', state: '', zipCode: 'H91', country: 'IE' };
  for (;;) {
    try {
      const { order } = await people.ada.orders.createOrder(
        { userId: 1, items: [item], shippingAddress },
        { metadata },
      );
      return order!.id;
    } catch (error) {
      if (!isStatusError(error) || !UNSURE.includes(error.code)) throw error;
      await delay(200);
    }
  }
}

/** Twice: after a quarter of the orders, and after half of them. */
async function killOrders(): Promise<void> {
  for (const share of [0.25, 0.5]) {
    while (done < wanted * share) await delay(5);
    await striker.strike('orders', 'stop');
    await striker.strike('orders', 'start');
  }
}

async function booksAgree(ids: readonly number[]): Promise<boolean> {
  const stored = await ordersOfProduct();
  const { product } = await people.stranger.products.getProduct({ id: productId });
  const claims: readonly (readonly [string, boolean])[] = [
    ['every acknowledged order is there', ids.every((id) => stored.has(id))],
    ['none was acknowledged twice', new Set(ids).size === wanted],
    ['none is there that nobody was told of', stored.size === wanted],
    ['stock sold and stock left are what was bought', product!.stock === wanted],
  ];
  for (const [claim, holds] of claims) console.log(`${holds ? '✓' : '✗'} ${claim}`);
  return claims.every(([, holds]) => holds);
}

async function ordersOfProduct(): Promise<Set<number>> {
  const found = new Set<number>();
  for (let page = 1; ; page++) {
    const list = { userId: 1, status: OrderStatus.UNSPECIFIED, page, pageSize: 100 };
    const orders: Order[] = [];
    for await (const order of people.ada.orders.listOrders(list)) orders.push(order);
    for (const { id, items } of orders) if (items.some((item) => item.productId === productId)) found.add(id);
    if (orders.length < 100) return found;
  }
}
