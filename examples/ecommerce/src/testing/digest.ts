import { sql as raw } from 'drizzle-orm';
import type { Sql } from '../database/database.js';

/** Every row of every table, as one hash for each table: equal before and after, nothing was written. */
export async function digest(sql: Sql): Promise<Record<string, string>> {
  const names = await tablesOf(sql);
  const hash = (name: string) =>
    raw`select ${name} as name, md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as hash from ${raw.raw(name)} t`;
  const hashes = await rowsOf<{ name: string; hash: string }>(sql, raw.join(names.map(hash), raw` union all `));
  return Object.fromEntries(hashes.map((row) => [row.name, row.hash]));
}

/** `orders.order_items` */
export async function tablesOf(sql: Sql): Promise<string[]> {
  const tables = raw`select schemaname || '.' || tablename as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by 1`;
  return (await rowsOf<{ name: string }>(sql, tables)).map(({ name }) => name);
}

export async function rowsOf<Row>(sql: Sql, query: ReturnType<typeof raw>): Promise<Row[]> {
  return ((await sql.execute(query)) as { rows: Row[] }).rows;
}
