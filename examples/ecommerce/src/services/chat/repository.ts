import { desc, eq } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import type { Page } from '../../paging.js';
import { chatMessages } from './schema.js';

export type StoredMessage = typeof chatMessages.$inferSelect;

export type NewMessage = Pick<StoredMessage, 'roomId' | 'userId' | 'message'>;

/** Announces a message where it is written, so that it is heard if, and only if, it was. */
export type Announce = (transaction: Sql, message: StoredMessage) => Promise<void>;

export class ChatRepository {
  constructor(
    private readonly sql: Sql,
    private readonly announce: Announce,
  ) {}

  say(message: NewMessage): Promise<void> {
    return this.sql.transaction(async (transaction) => {
      const [said] = await transaction.insert(chatMessages).values(message).returning();
      await this.announce(transaction, said!);
    });
  }

  /** The newest first. */
  history(roomId: string, { offset, limit }: Page): Promise<StoredMessage[]> {
    return this.sql
      .select()
      .from(chatMessages)
      .where(eq(chatMessages.roomId, roomId))
      .orderBy(desc(chatMessages.id))
      .offset(offset)
      .limit(limit);
  }
}
