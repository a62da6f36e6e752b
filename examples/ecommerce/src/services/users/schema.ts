import { integer, pgSchema, smallint, text, timestamp } from 'drizzle-orm/pg-core';
import type { UserStatus } from '../../gen/user/user.js';

export const usersSchema = pgSchema('users');

export const users = usersSchema.table('users', {
  id: integer().primaryKey().generatedByDefaultAsIdentity(),
  name: text().notNull(),
  /** In lower case: the same address in other letters is the same user. */
  email: text().notNull().unique(),
  status: smallint().$type<UserStatus>().notNull(),
  /** What a token of this user may say: `customer` or `admin`. */
  role: text().notNull().default('customer'),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
});
