import { and, asc, eq, gt } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import type { News } from '../news.js';
import { notifications } from './schema.js';

export type StoredNotification = typeof notifications.$inferSelect;

export type NewNotification = Pick<StoredNotification, 'userId' | 'type' | 'title' | 'message'>;

/** Writes a notification with what it is about, and announces it. */
export async function notify(transaction: Sql, notification: NewNotification, news: News): Promise<StoredNotification> {
  const [created] = await transaction.insert(notifications).values(notification).returning();
  await news.announceNotification(transaction, created!);
  return created!;
}

const BATCH = 200;

export class NotificationRepository {
  constructor(private readonly sql: Sql) {}

  async find(id: number): Promise<StoredNotification | undefined> {
    const [found] = await this.sql.select().from(notifications).where(eq(notifications.id, id));
    return found;
  }

  /** A user's notifications after the given one, the oldest first, batch by batch as the reader goes on. */
  async *listAfter(userId: number, afterId: number): AsyncGenerator<StoredNotification> {
    for (let after = afterId; ;) {
      const batch = await this.sql
        .select()
        .from(notifications)
        .where(and(eq(notifications.userId, userId), gt(notifications.id, after)))
        .orderBy(asc(notifications.id))
        .limit(BATCH);
      yield* batch;
      const last = batch.at(-1);
      if (last === undefined || batch.length < BATCH) return;
      after = last.id;
    }
  }
}
