import { index, integer, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

export const chatSchema = pgSchema('chat');

export const chatMessages = chatSchema.table(
  'messages',
  {
    id: integer().primaryKey().generatedByDefaultAsIdentity(),
    roomId: text('room_id').notNull(),
    userId: integer('user_id').notNull(),
    message: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('messages_by_room').on(table.roomId, table.id)],
);
