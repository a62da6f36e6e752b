import { index, integer, pgSchema, smallint, text, timestamp } from 'drizzle-orm/pg-core';
import type { NotificationType } from '../../gen/ecommerce/notification.js';

export const notificationsSchema = pgSchema('notifications');

export const notifications = notificationsSchema.table(
  'notifications',
  {
    id: integer().primaryKey().generatedByDefaultAsIdentity(),
    userId: integer('user_id').notNull(),
    type: smallint().$type<NotificationType>().notNull(),
    title: text().notNull(),
    message: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('notifications_by_user').on(table.userId, table.id)],
);
