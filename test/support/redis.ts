import { Redis, type RedisOptions } from 'ioredis';
import { createClient } from 'redis';
import { describe } from 'vitest';
import { findRedis, startRedis, type RedisServer } from '../../scripts/redis-server.mjs';

const installed = findRedis() !== undefined;
if (!installed) {
  const text = 'Redis is not installed (apt-get install redis-server)';
  if (process.env['REQUIRE_STORES']) throw new Error(text);
  console.warn(`${text}: tests on Redis are skipped`);
}

/** Tests on a real Redis; skipped where none is installed, unless REQUIRE_STORES is set. */
export const describeOnRedis = describe.skipIf(!installed);

const open: (() => unknown)[] = [];

/** A Redis server of one's own, ended by {@link closeRedis}. */
export async function redisServer(options: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedis(options);
  open.push(() => server.stop());
  return server;
}

/** Ends the servers and clients that were made here, the latest first. */
export async function closeRedis(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}

/** A connected client of `redis`. */
export async function nodeRedis({ url }: { readonly url: string }) {
  const client = createClient({ url, socket: { reconnectStrategy: 20 } });
  client.on('error', () => undefined);
  await client.connect();
  open.push(() => client.destroy());
  return client;
}

/** A client of `ioredis`. */
export function ioredis({ port }: { readonly port: number }, options: RedisOptions = {}): Redis {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20, ...options });
  client.on('error', () => undefined);
  open.push(() => client.disconnect());
  return client;
}

/** Both kinds of client, as a limiter or a store is given them. */
export const clients = [
  ['node-redis', nodeRedis],
  ['ioredis', (server: RedisServer) => Promise.resolve(ioredis(server))],
] as const;
