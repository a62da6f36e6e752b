import type { OptionChecker } from '../core/base/options.js';
import type { PostgresPool } from './pool.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$/;

/** Options of everything that keeps its state in a table. */
export interface TableOptions {
  /** A `Pool` of the package `pg`. */
  readonly pool: PostgresPool;
  /** The table's name, after a schema and a dot if it is in one. @default the name that `migratePostgres` gives it */
  readonly table?: string;
}

/** A checked table's name, quoted. @throws TypeError when it is not a name. */
export function tableOf(check: OptionChecker<{ readonly table?: string }>, fallback: string): string {
  const name = check.string('table', fallback);
  if (!NAME.test(name)) throw check.error('table', "a table's name, such as 'my_table' or 'my_schema.my_table'", name);
  return quoted(name);
}

/** A pool. @throws TypeError when it is not one. */
export function poolOf(check: OptionChecker<{ readonly pool: PostgresPool }>): PostgresPool {
  return check.having('pool', "a Pool of the package 'pg'", 'query', 'connect');
}

/** The name of an index on a table: quoted, without the schema, which is the table's. */
export function indexOf(table: string, suffix: string): string {
  const name = table.split('.').at(-1)!.slice(1, -1);
  return `"${name.slice(0, 62 - suffix.length)}_${suffix}"`;
}

function quoted(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
}
