import pg from 'pg';
import { randomUUID } from 'node:crypto';
import { messageFor } from '../services/orders/transitions.js';
import { OrderStatus } from '../gen/ecommerce/order.js';

/** The transaction of CreateOrder, sent to the database without anything of the shop in between. */
export class DirectOrders {
  private readonly pool: pg.Pool;

  constructor(url: string, connections: number) {
    this.pool = new pg.Pool({ connectionString: url, max: connections });
  }

  async create(userId: number, productId: number): Promise<void> {
    const client = await this.pool.connect();
    try {
      await this.write(client, userId, productId);
    } finally {
      client.release();
    }
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async write(client: pg.PoolClient, userId: number, productId: number): Promise<void> {
    const say = (name: keyof typeof STATEMENTS, values: unknown[]) =>
      client.query({ name, text: STATEMENTS[name], values });
    await client.query('begin');
    const { rows } = await say('shelf', [[productId]]);
    const { name, price_cents: price } = rows[0] as { name: string; price_cents: string };
    await say('reserve', [-1, productId]);
    const order = await say('order', [userId, price, OrderStatus.PENDING, ADDRESS, randomUUID()]);
    const { id } = order.rows[0] as { id: number };
    await say('item', [id, 0, productId, name, 1, price]);
    const update = await say('update', [id, OrderStatus.PENDING, messageFor(OrderStatus.PENDING)]);
    await say('announce', ['order_updates', JSON.stringify({ key: id, value: update.rows[0] as object })]);
    await client.query('commit');
  }
}

const ADDRESS = { street: '1 Shore Rd', city: 'Galway', state: '', zipCode: 'H91', country: 'IE' };

const STATEMENTS = {
  shelf: 'select * from products.products where id = any($1) and deleted_at is null order by id for update',
  reserve: 'update products.products set stock = stock + $1 where id = $2',
  order: `insert into orders.orders (user_id, total_cents, status, shipping_address, request_key)
    values ($1, $2, $3, $4, $5) returning *`,
  item: `insert into orders.order_items (order_id, position, product_id, product_name, quantity, unit_price_cents)
    values ($1, $2, $3, $4, $5, $6) returning *`,
  update: 'insert into orders.order_updates (order_id, status, message) values ($1, $2, $3) returning *',
  announce: 'select pg_notify($1, $2)',
};
