import { and, asc, eq, gt, gte, isNull, lte, or, sql as raw, type SQL } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import type { ProductCategory } from '../../gen/ecommerce/product.js';
import { changeStock, stockUp } from '../../ledger/movements.js';
import type { Cents } from '../../money.js';
import { products } from './schema.js';

export type StoredProduct = typeof products.$inferSelect;

/** What a writer decides; the rest is the database's. */
export type ProductFields = Pick<StoredProduct, 'name' | 'description' | 'priceCents' | 'stock' | 'category' | 'tags'>;

export interface Selection {
  /** 0 means every category. */
  readonly category?: ProductCategory;
  /** Text within name or description, in any case. */
  readonly text?: string;
  readonly minPrice?: Cents;
  readonly maxPrice?: Cents;
  readonly offset?: number;
  /** @default all */
  readonly limit?: number;
}

/** Rows fetched at a time: what a stream holds in memory, however long it is. */
const BATCH = 200;

/** Rows written by one statement: PostgreSQL takes 65,535 parameters. */
const INSERT_BATCH = 500;

const inCatalogue = isNull(products.deletedAt);

export class ProductRepository {
  private readonly byId: ReturnType<typeof selectById>;

  constructor(private readonly sql: Sql) {
    this.byId = selectById(sql);
  }

  async find(id: number): Promise<StoredProduct | undefined> {
    const [found] = await this.byId.execute({ id });
    return found;
  }

  /** All of them, or none; their pieces come from the supplier. */
  create(fields: readonly ProductFields[]): Promise<StoredProduct[]> {
    return this.sql.transaction(async (transaction) => {
      const created: StoredProduct[] = [];
      for (let start = 0; start < fields.length; start += INSERT_BATCH) {
        const batch = fields.slice(start, start + INSERT_BATCH);
        created.push(...(await transaction.insert(products).values(batch).returning()));
      }
      await stockUp(
        transaction,
        created.map(({ id }) => id),
      );
      return created;
    });
  }

  /** Nothing when the catalogue has no such product. Pieces that make the difference come from the supplier, or go back. */
  update(id: number, fields: ProductFields): Promise<StoredProduct | undefined> {
    return this.sql.transaction(async (transaction) => {
      const isThis = and(eq(products.id, id), inCatalogue);
      const [before] = await transaction.select({ stock: products.stock }).from(products).where(isThis).for('update');
      if (before === undefined) return undefined;
      const change = { ...fields, updatedAt: raw`now()` };
      const [updated] = await transaction.update(products).set(change).where(isThis).returning();
      await changeStock(transaction, id, fields.stock - before.stock);
      return updated;
    });
  }

  /** Whether there was such a product. The row stays for the orders that name it. */
  async remove(id: number): Promise<boolean> {
    const removed = await this.sql
      .update(products)
      .set({ deletedAt: raw`now()` })
      .where(and(eq(products.id, id), inCatalogue))
      .returning({ id: products.id });
    return removed.length > 0;
  }

  /** In the order of ids, fetched batch by batch as the reader goes on: each batch starts behind the last id seen. */
  async *list({ limit = Infinity, offset = 0, ...filter }: Selection): AsyncGenerator<StoredProduct> {
    const conditions = conditionsOf(filter);
    let after = 0;
    for (let left = limit; left > 0;) {
      const batch = await this.sql
        .select()
        .from(products)
        .where(and(...conditions, gt(products.id, after)))
        .orderBy(asc(products.id))
        .offset(after === 0 ? offset : 0)
        .limit(Math.min(BATCH, left));
      yield* batch;
      const last = batch.at(-1);
      if (last === undefined || batch.length < BATCH) return;
      after = last.id;
      left -= batch.length;
    }
  }
}

/** Asked for with every order, so it is put together once. */
function selectById(sql: Sql) {
  return sql
    .select()
    .from(products)
    .where(and(eq(products.id, raw.placeholder('id')), inCatalogue))
    .prepare('product_by_id');
}

function conditionsOf({ category, text, minPrice, maxPrice }: Selection): (SQL | undefined)[] {
  return [
    inCatalogue,
    category ? eq(products.category, category) : undefined,
    text ? or(contains(products.name, text), contains(products.description, text)) : undefined,
    minPrice ? gte(products.priceCents, minPrice) : undefined,
    maxPrice ? lte(products.priceCents, maxPrice) : undefined,
  ];
}

/** Plain text within text: `%` and `_` mean themselves here, as they would not in LIKE. */
function contains(column: typeof products.name | typeof products.description, text: string): SQL {
  return raw`strpos(lower(${column}), lower(${text})) > 0`;
}
