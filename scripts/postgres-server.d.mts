/** A PostgreSQL server in a temporary folder. */
export interface PostgresServer {
  readonly url: string;
  start(): void;
  kill(): void;
  stop(): void;
}
export function findPostgres(): string | undefined;
export function startPostgres(options?: { readonly durable?: boolean }): Promise<PostgresServer>;
