import { and, asc, eq, gt } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import { notifications } from './schema.js';

export type StoredNotification = typeof notifications.$inferSelect;

export type NewNotification = Pick<StoredNotification, 'userId' | 'type' | 'title' | 'message'>;

/** Announces a notification where it is written, so that it is heard if, and only if, it was. */
export type Announce = (transaction: Sql, notification: StoredNotification) => Promise<void>;

const BATCH = 200;

export class NotificationRepository {
  constructor(
    private readonly sql: Sql,
    private readonly announce: Announce,
  ) {}

  create(notification: NewNotification): Promise<StoredNotification> {
    return this.sql.transaction(async (transaction) => {
      const [created] = await transaction.insert(notifications).values(notification).returning();
      await this.announce(transaction, created!);
      return created!;
    });
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
