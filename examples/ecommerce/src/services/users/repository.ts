import { asc, eq, sql as raw } from 'drizzle-orm';
import type { Sql } from '../../database/database.js';
import { isUniqueViolation } from '../../database/errors.js';
import { errors } from '../../errors.js';
import { UserStatus } from '../../gen/user/user.js';
import type { Page } from '../../paging.js';
import { users } from './schema.js';

export type StoredUser = typeof users.$inferSelect;

export type UserFields = Pick<StoredUser, 'name' | 'email'>;

export class UserRepository {
  private readonly byId: ReturnType<typeof selectById>;

  constructor(private readonly sql: Sql) {
    this.byId = selectById(sql);
  }

  async find(id: number): Promise<StoredUser | undefined> {
    const [found] = await this.byId.execute({ id });
    return found;
  }

  /** All of them, or none. */
  async create(fields: readonly UserFields[]): Promise<StoredUser[]> {
    if (fields.length === 0) return [];
    const rows = fields.map((user) => ({ ...lowerCase(user), status: UserStatus.ACTIVE }));
    return this.sql.insert(users).values(rows).returning().catch(explain);
  }

  /** Nothing when there is no such user. */
  async update(id: number, fields: UserFields): Promise<StoredUser | undefined> {
    const changed = this.sql.update(users).set(lowerCase(fields)).where(eq(users.id, id)).returning();
    const [updated] = await changed.catch(explain);
    return updated;
  }

  /** Whether there was such a user. */
  async remove(id: number): Promise<boolean> {
    const removed = await this.sql.delete(users).where(eq(users.id, id)).returning({ id: users.id });
    return removed.length > 0;
  }

  list({ offset, limit }: Page): Promise<StoredUser[]> {
    return this.sql.select().from(users).orderBy(asc(users.id)).offset(offset).limit(limit);
  }
}

/** Asked for with every order, so it is put together once. */
function selectById(sql: Sql) {
  return sql
    .select()
    .from(users)
    .where(eq(users.id, raw.placeholder('id')))
    .prepare('user_by_id');
}

function lowerCase({ name, email }: UserFields): UserFields {
  return { name, email: email.toLowerCase() };
}

function explain(error: unknown): never {
  if (isUniqueViolation(error)) throw errors.EMAIL_TAKEN();
  throw error;
}
