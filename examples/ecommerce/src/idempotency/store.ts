import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { and, eq, lt, sql as raw, type SQL } from 'drizzle-orm';
import {
  decodeOutcome,
  encodeOutcome,
  type Claim,
  type ClaimTerms,
  type IdempotencyId,
  type IdempotencyOutcome,
  type IdempotencyStore,
} from 'grpc-js-middleware/retry';
import type { Sql } from '../database/database.js';
import { forgetWrites } from './once.js';
import { idempotencyKeys as keys } from './schema.js';

/**
 * Remembers in the database what was answered, for all processes that serve a method. The fingerprint of a payment is
 * made of its card, and there are few enough cards to try them all: so it is kept under a secret that the database does
 * not know.
 */
export class DatabaseIdempotencyStore implements IdempotencyStore {
  private readonly secret: KeyObject;
  private readonly claiming: ReturnType<typeof prepareClaim>;
  private readonly finishing: ReturnType<typeof prepareFinish>;

  constructor(
    private readonly sql: Sql,
    secret: Uint8Array,
  ) {
    this.secret = createSecretKey(secret);
    this.claiming = prepareClaim(sql);
    this.finishing = prepareFinish(sql);
  }

  /** One statement decides who runs: whoever inserts the row, or takes over one whose time is over. */
  async claim(id: IdempotencyId, { fingerprint, owner, leaseMs }: ClaimTerms): Promise<Claim> {
    const sealed = createHmac('sha256', this.secret).update(fingerprint).digest('base64url');
    const claimed = await this.claiming.execute({ ...id, fingerprint: sealed, owner, leaseMs });
    if (claimed.length > 0) return { state: 'claimed' };
    const [found] = await this.sql.select().from(keys).where(isThis(id));
    if (found === undefined) return this.claim(id, { fingerprint, owner, leaseMs }); // released in between
    const kept = found.fingerprint === sealed ? fingerprint : found.fingerprint;
    if (found.outcome === null) return { state: 'running', fingerprint: kept };
    return { state: 'finished', fingerprint: kept, outcome: decodeOutcome(found.outcome) };
  }

  async finish(id: IdempotencyId, owner: string, outcome: IdempotencyOutcome, ttlMs: number): Promise<void> {
    await this.finishing.execute({ ...id, owner, outcome: encodeOutcome(outcome), ttlMs });
  }

  async release(id: IdempotencyId, owner: string): Promise<void> {
    await this.sql.delete(keys).where(and(isThis(id), eq(keys.owner, owner)));
  }

  /** Forgets what cannot come again. */
  async purge(): Promise<void> {
    await this.sql.delete(keys).where(lt(keys.expiresAt, raw`now()`));
    await forgetWrites(this.sql);
  }
}

// What every write goes through is put together once.

function prepareClaim(sql: Sql) {
  const claim = {
    fingerprint: given('fingerprint'),
    owner: given('owner'),
    outcome: null,
    expiresAt: fromNow('leaseMs'),
  };
  return sql
    .insert(keys)
    .values({ ...THIS, ...claim })
    .onConflictDoUpdate({
      target: [keys.caller, keys.method, keys.key],
      set: claim,
      setWhere: lt(keys.expiresAt, raw`now()`),
    })
    .returning({ owner: keys.owner })
    .prepare('claim_key');
}

function prepareFinish(sql: Sql) {
  return sql
    .update(keys)
    .set({ outcome: given('outcome'), expiresAt: fromNow('ttlMs') })
    .where(and(isThis(THIS), eq(keys.owner, given('owner'))))
    .prepare('finish_key');
}

const THIS = { caller: given('caller'), method: given('method'), key: given('key') };

function isThis({ caller, method, key }: Record<keyof IdempotencyId, string | SQL>) {
  return and(eq(keys.caller, caller), eq(keys.method, method), eq(keys.key, key));
}

/** By the database's clock, the only one that all processes share. */
function fromNow(ms: string) {
  return raw`now() + ${given(ms)} * interval '1 millisecond'`;
}

function given(name: string): SQL {
  return raw`${raw.placeholder(name)}`;
}
