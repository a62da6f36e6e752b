import { sql as raw } from 'drizzle-orm';
import { ProductCategory } from '../gen/ecommerce/product.js';
import { UserStatus } from '../gen/user/user.js';
import { PEOPLE, type Person } from '../identity/people.js';
import { stockUp } from '../ledger/movements.js';
import { products } from '../services/products/schema.js';
import { users } from '../services/users/schema.js';
import { toCents } from '../money.js';
import type { Sql } from './database.js';

const { ELECTRONICS, CLOTHING, BOOKS, HOME, SPORTS } = ProductCategory;

/** Name, description, price, stock, category, tags. */
type Row = readonly [string, string, number, number, ProductCategory, ...string[]];

const CATALOGUE: readonly Row[] = [
  ['Laptop Pro 14', 'High-performance laptop with 32 GB of memory', 1299, 25, ELECTRONICS, 'laptop', 'computer'],
  ['Laptop Air 13', 'Light laptop that lasts a day', 899.99, 40, ELECTRONICS, 'laptop', 'computer'],
  ['Wireless Mouse', 'Quiet mouse with three buttons', 24.5, 200, ELECTRONICS, 'accessory'],
  ['Mechanical Keyboard', 'Keyboard with tactile switches', 119, 80, ELECTRONICS, 'accessory'],
  ['4K Monitor 27"', 'Matte screen with USB-C', 349.9, 35, ELECTRONICS, 'screen'],
  ['Noise-Cancelling Headphones', 'Over-ear headphones, 30 hours', 229, 60, ELECTRONICS, 'audio'],
  ['Rain Jacket', 'Waterproof jacket with a hood', 89.95, 70, CLOTHING, 'outdoor'],
  ['Merino Sweater', 'Warm and soft, made of merino wool', 74.9, 55, CLOTHING, 'wool'],
  ['Cotton T-Shirt', 'Organic cotton', 19.99, 300, CLOTHING, 'cotton'],
  ['Wool Socks', 'Three pairs, 100% wool', 16.5, 250, CLOTHING, 'wool'],
  ['Distributed Systems', 'How many machines become one', 54, 90, BOOKS, 'computing'],
  ['The Art of Bread', 'Sixty recipes and their reasons', 32.5, 45, BOOKS, 'cooking'],
  ['Birds of the North', 'A field guide with 400 drawings', 27.9, 30, BOOKS, 'nature'],
  ['Protocol Buffers by Example', 'Messages, services and streams', 39, 75, BOOKS, 'computing'],
  ['Desk Lamp', 'Warm light that dims', 45, 110, HOME, 'light'],
  ['Cast Iron Pan', 'Seasoned, 26 cm', 38.75, 65, HOME, 'kitchen'],
  ['Linen Bedding', 'Duvet cover and two pillowcases', 129, 28, HOME, 'linen'],
  ['Coffee Grinder', 'Steel burrs, by hand', 67.4, 50, HOME, 'kitchen', 'coffee'],
  ['Yoga Mat', 'Natural rubber, 5 mm', 49.9, 95, SPORTS, 'yoga'],
  ['Running Shoes', 'Light shoes for roads', 109.95, 85, SPORTS, 'running'],
  ['Trekking Poles', 'A pair, carbon', 79, 40, SPORTS, 'outdoor'],
  ['Climbing Rope', '60 m, 9.8 mm', 159.5, 18, SPORTS, 'outdoor', 'climbing'],
];

/** Fills a fresh database, and says whether it was one. All or nothing, and once, whoever else tries meanwhile. */
export function seed(sql: Sql): Promise<boolean> {
  return sql.transaction(async (transaction) => {
    await transaction.execute(raw`lock table users.users in exclusive mode`);
    if ((await transaction.$count(users)) > 0) return false;
    await transaction.insert(users).values(PEOPLE.map(toUser));
    await transaction.execute(raw`select setval(pg_get_serial_sequence('users.users', 'id'), ${PEOPLE.length})`);
    const stocked = await transaction.insert(products).values(CATALOGUE.map(toProduct)).returning({ id: products.id });
    await stockUp(
      transaction,
      stocked.map(({ id }) => id),
    );
    return true;
  });
}

function toProduct([name, description, price, stock, category, ...tags]: Row) {
  return { name, description, priceCents: toCents(price), stock, category, tags };
}

function toUser({ userId, ...user }: Person) {
  return { id: userId, ...user, status: UserStatus.ACTIVE };
}
