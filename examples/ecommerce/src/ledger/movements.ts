import { randomUUID } from 'node:crypto';
import { and, asc, eq, inArray, sql as raw } from 'drizzle-orm';
import type { Sql } from '../database/database.js';
import type { Cents } from '../money.js';
import { products } from '../services/products/schema.js';
import { entries } from './schema.js';

// What may move, always in the transaction that changes the state of its order, payment or product.

/** The first pieces of new products. */
export async function stockUp(transaction: Sql, ids: readonly number[]): Promise<void> {
  await transaction.execute(raw`
    insert into ${entries} (kind, key, from_account, to_account, product_id, amount)
    select 'stock', 'stock ' || id || ' opening', 'supplier', 'shelf', id, stock
    from ${products} where id = any(${`{${ids.join(',')}}`}::int[]) and stock > 0`);
}

/** Pieces that arrive, or, if fewer than none, go back to the supplier. */
export async function changeStock(transaction: Sql, productId: number, pieces: number): Promise<void> {
  if (pieces === 0) return;
  const [fromAccount, toAccount] = pieces > 0 ? (['supplier', 'shelf'] as const) : (['shelf', 'supplier'] as const);
  const key = `stock ${productId} ${randomUUID()}`;
  await transaction
    .insert(entries)
    .values({ kind: 'stock', key, fromAccount, toAccount, productId, amount: Math.abs(pieces) });
}

/** The pieces that an order has reserved are sold. */
export async function takePieces(transaction: Sql, orderId: number): Promise<void> {
  await transaction.execute(raw`
    insert into ${entries} (kind, key, from_account, to_account, product_id, amount, order_id)
    select 'take', 'take ' || order_id || '/' || product_id, 'reserved', 'sold', product_id, amount, order_id
    from ${entries} where order_id = ${orderId} and kind = 'reserve'`);
}

/** The pieces of an order go back on the shelf, also those of products that have left the catalogue. */
export async function giveBackPieces(transaction: Sql, orderId: number): Promise<void> {
  const held = await transaction
    .select({ productId: entries.productId, amount: entries.amount })
    .from(entries)
    .where(and(eq(entries.orderId, orderId), eq(entries.kind, 'reserve')))
    .orderBy(asc(entries.productId));
  const ids = held.map(({ productId }) => productId!);
  // Locked in the order of their ids, as orders lock them.
  await transaction
    .select({ id: products.id })
    .from(products)
    .where(inArray(products.id, ids))
    .orderBy(asc(products.id))
    .for('update');
  const isSold = (await transaction.$count(entries, and(eq(entries.orderId, orderId), eq(entries.kind, 'take')))) > 0;
  const back = held.map(({ productId, amount }) => ({
    kind: 'give back' as const,
    key: `give back ${orderId}/${productId}`,
    fromAccount: isSold ? ('sold' as const) : ('reserved' as const),
    toAccount: 'shelf' as const,
    productId,
    amount,
    orderId,
  }));
  if (back.length > 0) await transaction.insert(entries).values(back);
  for (const { productId, amount } of held) {
    await transaction
      .update(products)
      .set({ stock: raw`${products.stock} + ${amount}` })
      .where(eq(products.id, productId!));
  }
}

interface Paid {
  readonly id: number;
  readonly orderId: number;
}

export async function charge(transaction: Sql, { id, orderId }: Paid, amount: Cents): Promise<void> {
  const money = { fromAccount: 'customer', toAccount: 'till', amount, orderId, paymentId: id } as const;
  await transaction.insert(entries).values({ kind: 'charge', key: `charge ${id}`, ...money });
}

export async function refund(transaction: Sql, { id, orderId }: Paid, refundId: string, amount: Cents): Promise<void> {
  const money = { fromAccount: 'till', toAccount: 'customer', amount, orderId, paymentId: id } as const;
  await transaction.insert(entries).values({ kind: 'refund', key: `refund ${refundId}`, ...money });
}
