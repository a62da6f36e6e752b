import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sql as raw } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProductCategory } from '../../gen/ecommerce/product.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';

const MANY = 10_000;

/** More than HTTP/2 and the streams on both sides hold for a reader who pauses, and far less than there is. */
const ON_THE_WAY = 4_000;

const list = { page: 0, pageSize: 0, category: ProductCategory.BOOKS, all: true };

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Of this process, which is both ends. */
function bytesInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
  await shop.database.sql.execute(raw`
    insert into products.products (name, description, price_cents, stock, category, tags)
    select 'Product ' || n, 'One of very many', 100, 1, ${ProductCategory.BOOKS}::smallint, '{}'
    from generate_series(1, ${MANY}) n`);
});
afterAll(() => shop.close());

/** Products that the server has handed to the wire. */
async function sent(): Promise<number> {
  const metric = (await shop.register.getMetricsAsJSON()).find(({ name }) => name === 'grpc_server_msg_sent_total');
  const values = metric!.values as { labels: Record<string, string>; value: number }[];
  return values.find(({ labels }) => labels['grpc_method'] === 'ListProducts')?.value ?? 0;
}

test('the server sends as fast as its reader reads, and then all there is', async () => {
  const products = shop.stranger.products.listProducts(list);
  await products.next();

  // Nobody reads: it comes to a stand, while other calls are served.
  let [before, now] = [-1, 0];
  while (now !== before) {
    before = now;
    for (let calls = 0; calls < 50; calls++) await shop.stranger.products.getProduct({ id: 1 });
    now = await sent();
  }
  expect(now).toBeLessThan(ON_THE_WAY);

  let received = 1;
  for await (const _product of products) received++;
  expect(received).toBeGreaterThanOrEqual(MANY);
});

test('neither end keeps what has passed', async () => {
  let [received, early] = [0, 0];
  for await (const _product of shop.stranger.products.listProducts(list)) {
    if (++received === MANY / 5) early = bytesInUse();
  }

  // Four fifths of them, kept as bare objects, would be several times as much.
  expect(bytesInUse() - early).toBeLessThan(1_000_000);
});

test('a reader who leaves ends the stream', async () => {
  const before = await sent();
  const products = shop.stranger.products.listProducts(list);
  await products.next();
  await products.return?.();

  for (let calls = 0; calls < 20; calls++) await shop.stranger.products.getProduct({ id: 1 });

  expect((await sent()) - before).toBeLessThan(ON_THE_WAY);
});
