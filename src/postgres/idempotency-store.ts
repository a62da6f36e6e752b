import { createHash } from 'node:crypto';
import { optionsOf } from '../core/base/options.js';
import { decodeOutcome, encodeOutcome, type IdempotencyOutcome } from '../core/shared/idempotency-outcome.js';
import {
  idText,
  type Claim,
  type ClaimTerms,
  type IdempotencyId,
  type IdempotencyStore,
} from '../core/shared/idempotency-store.js';
import { Cleaner } from './cleaner.js';
import { IDEMPOTENCY_TABLE } from './migration.js';
import type { PostgresPool } from './pool.js';
import { poolOf, tableOf, type TableOptions } from './table.js';

/** Options of {@link postgresIdempotencyStore}. */
export interface PostgresIdempotencyStoreOptions extends TableOptions {
  /**
   * The table's name, after a schema and a dot if it is in one. `migratePostgres` creates it.
   *
   * @default 'grpc_idempotency'
   */
  readonly table?: string;
  /**
   * How often a process deletes records that have expired, in ms, while it uses the table.
   *
   * @default 60_000
   */
  readonly cleanEveryMs?: number;
}

const OWNER = 'postgresIdempotencyStore';

/** How often a claim that meets others is tried. */
const MAX_ROUNDS = 20;

/**
 * Keeps claims and outcomes in a table of PostgreSQL. Claims end by the clock of the database. Nothing that is committed is lost
 * or forgotten early.
 *
 * @throws TypeError for a wrong option.
 * @example
 * await migratePostgres({ pool });
 * idempotencyServerInterceptor({ methods: 'shop.OrderService/Create', store: postgresIdempotencyStore({ pool }) });
 */
export function postgresIdempotencyStore(options: PostgresIdempotencyStoreOptions): IdempotencyStore {
  const check = optionsOf(OWNER, options, ['pool', 'table', 'cleanEveryMs']);
  const everyMs = check.milliseconds('cleanEveryMs', { min: 1, fallback: 60_000 });
  return new PostgresStore(poolOf(check), tableOf(check, IDEMPOTENCY_TABLE), everyMs);
}

class PostgresStore implements IdempotencyStore {
  private readonly cleaner: Cleaner;
  private readonly claimSql: string;
  private readonly finishSql: string;
  private readonly releaseSql: string;

  constructor(
    private readonly pool: PostgresPool,
    table: string,
    everyMs: number,
  ) {
    this.claimSql = claimSql(table);
    this.finishSql = `UPDATE ${table} SET outcome = $3, expires_at = ${later('$4')} WHERE id = $1 AND owner = $2`;
    this.releaseSql = `DELETE FROM ${table} WHERE id = $1 AND owner = $2 AND outcome IS NULL`;
    const expired = `SELECT id FROM ${table} WHERE expires_at < clock_timestamp() LIMIT $1 FOR UPDATE SKIP LOCKED`;
    this.cleaner = new Cleaner(pool, `DELETE FROM ${table} WHERE id IN (${expired})`, everyMs);
  }

  async claim(id: IdempotencyId, { fingerprint, owner, leaseMs }: ClaimTerms): Promise<Claim> {
    this.cleaner.touch();
    const values = [hashOf(id), id.method, fingerprint, owner, leaseMs];
    // No row: the key was taken, or given up, by another process while the statement ran. Then it is asked again.
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { rows } = await this.pool.query(this.claimSql, [...values]);
      if (rows[0] !== undefined) return claimOf(rows[0]);
    }
    throw new Error(`${OWNER}: a key was taken and given up ${MAX_ROUNDS} times while it was being claimed`);
  }

  async finish(id: IdempotencyId, owner: string, outcome: IdempotencyOutcome, ttlMs: number): Promise<boolean> {
    const values = [hashOf(id), owner, encodeOutcome(outcome), ttlMs];
    return (await this.pool.query(this.finishSql, values)).rowCount === 1;
  }

  async release(id: IdempotencyId, owner: string): Promise<void> {
    await this.pool.query(this.releaseSql, [hashOf(id), owner]);
  }
}

/** One statement: it claims the key if that is free or its time is over, or says who has it. */
function claimSql(table: string): string {
  return `WITH claimed AS (
  INSERT INTO ${table} AS kept (id, method, fingerprint, owner, expires_at)
  VALUES ($1, $2, $3, $4, ${later('$5')})
  ON CONFLICT (id) DO UPDATE
    SET fingerprint = excluded.fingerprint, owner = excluded.owner, outcome = NULL, expires_at = excluded.expires_at
    WHERE kept.expires_at < clock_timestamp() OR kept.owner = excluded.owner
  RETURNING 1
)
SELECT true AS claimed, NULL AS fingerprint, NULL::bytea AS outcome FROM claimed
UNION ALL
SELECT false, fingerprint, outcome FROM ${table}
WHERE id = $1 AND expires_at >= clock_timestamp() AND NOT EXISTS (SELECT FROM claimed)`;
}

/** So many ms from now, by the clock of the database; at most some 285 years. */
function later(parameter: string): string {
  return `clock_timestamp() + least(${parameter}::float8, 9e12) * interval '1 millisecond'`;
}

function claimOf({ claimed, fingerprint, outcome }: Record<string, unknown>): Claim {
  if (claimed === true) return { state: 'claimed' };
  if (outcome === null) return { state: 'running', fingerprint: String(fingerprint) };
  return { state: 'finished', fingerprint: String(fingerprint), outcome: decodeOutcome(outcome as Uint8Array) };
}

function hashOf(id: IdempotencyId): string {
  return createHash('sha256').update(idText(id)).digest('base64url');
}
