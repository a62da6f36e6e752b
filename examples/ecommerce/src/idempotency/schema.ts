import { customType, index, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

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
