/** A result of a query, as `pg` gives it. */
export interface PostgresResult {
  /** The rows, by the names of their columns. */
  readonly rows: readonly Record<string, unknown>[];
  /** How many rows a statement changed. */
  readonly rowCount: number | null;
}

/**
 * A `Pool` of the package `pg` 8, for PostgreSQL from version 13. It stays yours: end it yourself, and give it timeouts
 * (`connectionTimeoutMillis`, `query_timeout`), so that a database that does not answer does not hold its connections.
 */
export interface PostgresPool {
  /** Runs one statement on any of its connections. */
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
}
