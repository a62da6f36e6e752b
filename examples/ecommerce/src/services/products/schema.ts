import { sql } from 'drizzle-orm';
import { check, index, integer, pgSchema, smallint, text, timestamp } from 'drizzle-orm/pg-core';
import type { ProductCategory } from '../../gen/ecommerce/product.js';

export const productsSchema = pgSchema('products');

export const products = productsSchema.table(
  'products',
  {
    id: integer().primaryKey().generatedByDefaultAsIdentity(),
    name: text().notNull(),
    description: text().notNull(),
    priceCents: integer('price_cents').notNull(),
    stock: integer().notNull(),
    /** The number of the enum in the proto: it never changes its meaning. */
    category: smallint().$type<ProductCategory>().notNull(),
    tags: text().array().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
    /** Out of the catalogue since; kept, because orders refer to it. */
    deletedAt: timestamp('deleted_at', { withTimezone: true }),
  },
  (table) => [
    check('stock_is_never_negative', sql`${table.stock} >= 0`),
    check('price_is_positive', sql`${table.priceCents} > 0`),
    index('products_by_category').on(table.category, table.id),
  ],
);
