import { optionsOf } from '../core/base/options.js';
import { windowEndOf, type QuotaLimiter } from '../overload/quota/quota-counter.js';
import { runnerOf, type RedisClient } from './client.js';
import { prefixOf } from './prefix.js';
import { listOf, Script, taggedKey } from './script.js';

/** Options of {@link redisQuota}. */
export interface RedisQuotaOptions {
  /** A client of `redis` 6 or `ioredis` 6. */
  readonly client: RedisClient;
  /** How much each key may use in a window. */
  readonly limit: number;
  /**
   * What the keys in Redis begin with; without braces, since they decide where a cluster keeps a key.
   *
   * @default 'grpc-quota:'
   */
  readonly keyPrefix?: string;
}

/** A key without a window is kept for longer than any month. */
const KEPT_MS = 40 * 86_400_000;

/** Counts are kept a day longer than their window, for processes whose clocks are late. */
const LATE_MS = 86_400_000;

/** KEYS[1]: the count. ARGV: limit, cost, when it expires (epoch ms). Answers whether it was counted, and what is used. */
const count = new Script(`
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
if used + tonumber(ARGV[2]) > tonumber(ARGV[1]) then return {0, tostring(used)} end
used = redis.call('INCRBYFLOAT', KEYS[1], ARGV[2])
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
return {1, tostring(used)}
`);

/**
 * Counts quotas in Redis or Valkey, for all processes that use the same `keyPrefix`, by one atomic script per call. It rejects while Redis
 * is away.
 *
 * @throws TypeError for a wrong option.
 */
export function redisQuota(options: RedisQuotaOptions): QuotaLimiter & { readonly limit: number } {
  const check = optionsOf('redisQuota', options, ['client', 'limit', 'keyPrefix']);
  const run = runnerOf(check);
  const limit = check.number('limit', { min: 1, max: Number.MAX_SAFE_INTEGER });
  const prefix = prefixOf(check, 'grpc-quota:');
  return {
    limit,
    async take(key, cost = 1) {
      const expiry = (windowEndOf(key) ?? Date.now() + KEPT_MS) + LATE_MS;
      const args = [limit, cost, Math.round(expiry)].map(String);
      const [counted, used] = listOf(await count.run(run, taggedKey(prefix, key), args), 2).map(Number);
      return { retryAfterMs: counted === 1 ? 0 : Infinity, remaining: Math.max(0, limit - used!) };
    },
  };
}
