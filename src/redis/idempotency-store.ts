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
import { runnerOf, type RedisClient, type RunScript } from './client.js';
import { claimKey, evictionPolicy, finishKey, releaseKey } from './idempotency-scripts.js';
import { prefixOf } from './prefix.js';
import { listOf, taggedKey, textOf } from './script.js';

/** Options of {@link redisIdempotencyStore}. */
export interface RedisIdempotencyStoreOptions {
  /** A client of `redis` 6 or `ioredis` 6. */
  readonly client: RedisClient;
  /**
   * What the keys in Redis begin with; without braces, since they decide where a cluster keeps a key.
   *
   * @default 'grpc-idempotency:'
   */
  readonly keyPrefix?: string;
}

const OWNER = 'redisIdempotencyStore';

/**
 * Keeps claims and outcomes in Redis or Valkey, for all processes that use the same `keyPrefix`. Claims end by the server's own
 * clock. What Redis loses (a restart without persistence, a failover before replication, an eviction) can run again: a warning
 * says once when its `maxmemory-policy` may evict.
 *
 * @throws TypeError for a wrong option.
 * @example idempotencyServerInterceptor({ methods: 'shop.OrderService/Create', store: redisIdempotencyStore({ client }) })
 */
export function redisIdempotencyStore(options: RedisIdempotencyStoreOptions): IdempotencyStore {
  const check = optionsOf(OWNER, options, ['client', 'keyPrefix']);
  return new RedisStore(runnerOf(check), prefixOf(check, 'grpc-idempotency:'));
}

class RedisStore implements IdempotencyStore {
  private checked = false;

  constructor(
    private readonly run: RunScript,
    private readonly keyPrefix: string,
  ) {}

  async claim(id: IdempotencyId, { fingerprint, owner, leaseMs }: ClaimTerms): Promise<Claim> {
    const key = this.keyOf(id);
    const reply = await claimKey.run(this.run, key, [fingerprint, owner, wholeMs(leaseMs)]);
    const [state, kept, outcome] = listOf(reply, 3).map(textOf) as [string, string, string];
    void this.warnOfEviction(key);
    if (state === 'claimed') return { state };
    if (state === 'running') return { state, fingerprint: kept };
    return { state: 'finished', fingerprint: kept, outcome: decodeOutcome(Buffer.from(outcome, 'base64')) };
  }

  async finish(id: IdempotencyId, owner: string, outcome: IdempotencyOutcome, ttlMs: number): Promise<boolean> {
    const bytes = encodeOutcome(outcome).toString('base64');
    return Number(await finishKey.run(this.run, this.keyOf(id), [owner, bytes, wholeMs(ttlMs)])) === 1;
  }

  async release(id: IdempotencyId, owner: string): Promise<void> {
    await releaseKey.run(this.run, this.keyOf(id), [owner]);
  }

  /** A hash: callers and their keys are neither shown to those who look into Redis, nor can they be of any length. */
  private keyOf(id: IdempotencyId): string {
    return taggedKey(this.keyPrefix, createHash('sha256').update(idText(id)).digest('base64url'));
  }

  private async warnOfEviction(key: string): Promise<void> {
    if (this.checked) return;
    this.checked = true;
    try {
      const policy = textOf(await evictionPolicy.run(this.run, key, []));
      if (policy === '' || policy === 'noeviction') return;
      process.emitWarning(
        `${OWNER}: maxmemory-policy of Redis is ${policy}: when its memory is full it evicts records, and their calls can run ` +
          'a second time. Use a Redis with noeviction for them.',
        { code: 'GRPC_JS_MIDDLEWARE_EVICTION' },
      );
    } catch {
      this.checked = false;
    }
  }
}

/** Redis keeps times in whole milliseconds below 2^63. */
function wholeMs(ms: number): string {
  return String(Math.min(Math.max(1, Math.ceil(ms)), 2 ** 52));
}
