import { createHash, randomUUID } from 'node:crypto';
import type { TokenGrant, TokenRequest, TokenStore } from '../overload/leases/token-store.js';
import { Cleaner } from './cleaner.js';
import type { PostgresPool } from './pool.js';

/** For how long a process counts after it last said that it is at work. */
const AT_WORK_US = 15_000_000;

/** Buckets are full, and need no row, when they were not used for this long after they were refilled. */
const KEPT_US = 60_000_000;

/** Microseconds since a day in 2023: smaller numbers keep fractions of a microsecond exact. */
const NOW = `(extract(epoch FROM clock_timestamp()) - 1700000000)::float8 * 1000000`;

/**
 * Token buckets in PostgreSQL: one row for each key, and one for each process. A bucket is kept as the time at which it will be
 * full, so that processes with different limits share it sensibly.
 */
export class PostgresTokenStore implements TokenStore {
  readonly name = 'postgres';
  private readonly process = randomUUID();
  private readonly usPerToken: number;
  private readonly limits: string;
  private readonly cleaner: Cleaner;
  private readonly acquireSql: string;
  private readonly beatSql: string;

  constructor(
    private readonly pool: PostgresPool,
    table: string,
    private readonly keyPrefix: string,
    ratePerSecond: number,
    private readonly burst: number,
  ) {
    this.usPerToken = 1_000_000 / ratePerSecond;
    this.limits = `${ratePerSecond}/${burst}`;
    this.acquireSql = acquireSql(table);
    this.beatSql = beatSql(table);
    const expired = `SELECT key FROM ${table} WHERE full_at < ${NOW} - ${KEPT_US} LIMIT $1 FOR UPDATE SKIP LOCKED`;
    this.cleaner = new Cleaner(pool, `DELETE FROM ${table} WHERE key IN (${expired})`, KEPT_US / 1000);
  }

  async acquire({ key, cost, want, giveBack, aheadMs, share }: TokenRequest): Promise<TokenGrant> {
    this.cleaner.touch();
    const ahead = (aheadMs * 1000) / this.usPerToken;
    const fresh = grantOf(this.burst, cost, want, ahead, share);
    const { rows } = await this.pool.query(this.acquireSql, [
      ...[this.rowOf(key), this.limits, this.usPerToken, this.burst],
      ...[cost, want, giveBack, ahead, share, fresh],
    ]);
    const {
      granted,
      level,
      other_limits: otherLimits,
    } = rows[0] as {
      granted: number;
      level: number;
      other_limits: boolean;
    };
    const waitMs = Math.max(0, ((cost - (level - granted)) * this.usPerToken) / 1000);
    return { granted, level, waitMs, otherLimits };
  }

  async heartbeat(): Promise<number> {
    const group = `process:${this.keyPrefix}:`;
    const { rows } = await this.pool.query(this.beatSql, [group + this.process, group, AT_WORK_US]);
    // The statement does not see the row that it has just written.
    return Number(rows[0]!['others']) + 1;
  }

  /** What PostgreSQL cannot keep as text is hashed: a caller's odd key must not count as a database that is away. */
  private rowOf(key: string): string {
    const text = key.includes('\0') ? createHash('sha256').update(key).digest('base64url') : key;
    return `bucket:${this.keyPrefix}${text}`;
  }
}

function grantOf(level: number, cost: number, want: number, ahead: number, share: number): number {
  const granted = Math.min(want, Math.floor(level + ahead), Math.max(Math.floor(level), share));
  return granted < cost ? 0 : granted;
}

/**
 * $1 row, $2 limits, $3 µs per token, $4 burst, $5 cost, $6 want, $7 give back, $8 tokens that may be reserved ahead, $9 share,
 * $10 what a bucket that is full grants. The time is read once the row is locked.
 */
function acquireSql(table: string): string {
  return `INSERT INTO ${table} AS kept (key, full_at, at, limits, granted, level, other_limits)
VALUES ($1, ${NOW} + $10::float8 * $3::float8, ${NOW}, $2, $10::float8, $4::float8, false)
ON CONFLICT (key) DO UPDATE SET (full_at, at, limits, granted, level, other_limits) = (
  SELECT filled.full_at + granting.granted * $3::float8, clock.now, $2, granting.granted, filled.level, kept.limits <> $2
  FROM (SELECT ${NOW} AS now) AS clock,
  LATERAL (
    SELECT greatest(clock.now, kept.full_at - greatest(0, kept.at - clock.now) - $7::float8 * $3::float8) AS full_at
  ) AS returned,
  LATERAL (
    SELECT returned.full_at, $4::float8 - (returned.full_at - clock.now) / $3::float8 + 0.000001 AS level
  ) AS filled,
  LATERAL (
    SELECT least($6::float8, floor(filled.level + $8::float8), greatest(floor(filled.level), $9::float8)) AS possible
  ) AS bounds,
  LATERAL (SELECT CASE WHEN bounds.possible < $5::float8 THEN 0 ELSE bounds.possible END AS granted) AS granting
)
RETURNING granted, level, other_limits`;
}

/** $1 this process's row, $2 what rows of processes begin with, $3 for how long (µs) they count. */
function beatSql(table: string): string {
  return `WITH beat AS (
  INSERT INTO ${table} (key, full_at, at, limits, granted, level, other_limits)
  VALUES ($1, ${NOW}, ${NOW}, '', 0, 0, false)
  ON CONFLICT (key) DO UPDATE SET full_at = excluded.full_at, at = excluded.at
)
SELECT count(*)::int AS others FROM ${table}
WHERE starts_with(key, $2) AND key <> $1 AND at > ${NOW} - $3::float8`;
}
