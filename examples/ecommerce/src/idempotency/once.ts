import { and, eq, lt, sql as raw } from 'drizzle-orm';
import type { ServerCallContext } from 'grpc-js-middleware';
import type { Sql } from '../database/database.js';
import { requestKeyOf } from '../identity/caller.js';
import { writes } from './schema.js';

/**
 * Writes once, however often the call comes: what was written is noted in the same transaction, so that a process that
 * dies before it could note its answer leaves the write and its key, or neither.
 *
 * @param write Does it, and says which row it wrote.
 * @returns The id of the row, of this call or of the one before it under the same key.
 */
export function once(sql: Sql, call: ServerCallContext, write: (transaction: Sql) => Promise<number>): Promise<number> {
  const key = requestKeyOf(call);
  return sql.transaction(async (transaction) => {
    if (key === undefined) return write(transaction);
    const method = call.method.path;
    const [written] = await transaction
      .select({ rowId: writes.rowId })
      .from(writes)
      .where(and(eq(writes.method, method), eq(writes.key, key)));
    if (written !== undefined) return written.rowId;
    const rowId = await write(transaction);
    await transaction.insert(writes).values({ method, key, rowId });
    return rowId;
  });
}

/** Forgets what cannot come again: a day is longer than any answer is kept. */
export async function forgetWrites(sql: Sql): Promise<void> {
  await sql.delete(writes).where(lt(writes.writtenAt, raw`now() - interval '1 day'`));
}
