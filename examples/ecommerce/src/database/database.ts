import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';

/** What repositories speak to: drizzle, on PGlite or on PostgreSQL, or a transaction of either. */
export type Sql = PgDatabase<PgQueryResultHKT>;

/** Hears what any process of the shop announces with `pg_notify`. */
export interface Listener {
  /** One announcement. */
  onPayload(payload: string): void;
  /** The connection was lost for a while: announcements may have been missed, so read again what matters. */
  onGap(): void;
}

export interface Database {
  readonly sql: Sql;
  /** What a person would call it. */
  readonly description: string;
  /** Resolves once the channel is heard; call the result to stop. */
  listen(channel: string, listener: Listener): Promise<() => Promise<void>>;
  /** Brings the tables to the newest form. */
  migrate(): Promise<void>;
  close(): Promise<void>;
}

/** Where the migrations stand. */
export const MIGRATIONS = new URL('../../drizzle', import.meta.url);
