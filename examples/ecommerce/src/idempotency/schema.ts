import { bigint, customType, index, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

export const idempotencySchema = pgSchema('idempotency');

const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });

/** One row for each call that must not happen twice, for as long as it may come again. */
export const idempotencyKeys = idempotencySchema.table(
  'keys',
  {
    caller: text().notNull(),
    method: text().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    owner: text().notNull(),
    /** What was answered; nothing while the call runs. */
    outcome: bytea(),
    expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.caller, table.method, table.key] }),
    index('keys_by_expiry').on(table.expiresAt),
  ],
);

/** What was written under a key, in the transaction that wrote it: a process may die before it could note its answer. */
export const writes = idempotencySchema.table(
  'writes',
  {
    method: text().notNull(),
    /** The caller's, as `requestKeyOf` says it. */
    key: text().notNull(),
    /** What was written, or changed. */
    rowId: bigint('row_id', { mode: 'number' }).notNull(),
    writtenAt: timestamp('written_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.method, table.key] }), index('writes_by_time').on(table.writtenAt)],
);
