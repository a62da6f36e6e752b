import type { OptionChecker } from '../core/base/options.js';
import { hasMethods } from '../core/base/options.js';

/** What is used of a client of the package `redis`: single, sentinel or cluster. */
export interface NodeRedisClient {
  /** Runs a script by the hash of its text. */
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  /** Runs a script by its text, and keeps it. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** What is used of a client of the package `ioredis`: `Redis` or `Cluster`. */
export interface IoredisClient {
  /** Runs a script by the hash of its text. */
  evalsha(sha1: string, keys: number, ...args: string[]): Promise<unknown>;
  /** Runs a script by its text, and keeps it. */
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>;
}

/**
 * A client of `redis` 6 or `ioredis` 6, for Redis from version 7 or Valkey from version 8. It stays yours: connect it, listen
 * for its errors, and close it.
 */
export type RedisClient = NodeRedisClient | IoredisClient;

/** Runs a script on one key, whatever the client. */
export type RunScript = (sha1: string, text: string | undefined, key: string, args: string[]) => Promise<unknown>;

/** @throws TypeError when `client` is neither of the two. */
export function runnerOf(check: OptionChecker<{ readonly client: RedisClient }>): RunScript {
  const client = check.having('client', "a client of the package 'redis' or 'ioredis'", 'eval');
  if (hasMethods(client, 'evalSha')) return nodeRedis(client as NodeRedisClient);
  if (hasMethods(client, 'evalsha')) return ioredis(client as IoredisClient);
  throw check.error('client', "a client of the package 'redis' or 'ioredis'", client);
}

function nodeRedis(client: NodeRedisClient): RunScript {
  return (sha1, text, key, args) => {
    const options = { keys: [key], arguments: args };
    return text === undefined ? client.evalSha(sha1, options) : client.eval(text, options);
  };
}

function ioredis(client: IoredisClient): RunScript {
  return (sha1, text, key, args) =>
    text === undefined ? client.evalsha(sha1, 1, key, ...args) : client.eval(text, 1, key, ...args);
}
