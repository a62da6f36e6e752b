import { afterEach, beforeEach, expect, test, vi, type MockInstance } from 'vitest';
import { clients, closeRedis, describeOnRedis, ioredis, nodeRedis, redisServer } from '../../test/support/redis.js';
import type { RedisServer } from '../../scripts/redis-server.mjs';
import {
  redisRateLimiter,
  type LeaseEvent,
  type RedisRateLimiterOptions,
  type SharedRateLimiter,
  type StoreState,
} from './index.js';

interface Fault {
  readonly begin: (server: RedisServer) => unknown;
  readonly end: (server: RedisServer) => unknown;
}

/** One command on a connection of its own. */
async function command(server: RedisServer, ...[name, ...args]: [string, ...string[]]): Promise<void> {
  const client = ioredis(server);
  await client.call(name, args);
  client.disconnect();
}

async function demandPassword(server: RedisServer): Promise<void> {
  await command(server, 'CONFIG', 'SET', 'requirepass', 'secret');
  const admin = ioredis(server, { password: 'secret' });
  await admin.call('CLIENT', ['KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
  admin.disconnect();
}

async function demandNoPassword(server: RedisServer): Promise<void> {
  const admin = ioredis(server, { password: 'secret' });
  await admin.config('SET', 'requirepass', '');
  admin.disconnect();
}

const faults: Readonly<Record<string, Fault>> = {
  'is killed, and started again without its data': { begin: (s) => s.kill(), end: (s) => s.start() },
  'is stopped, and goes on': { begin: (s) => s.pause(), end: (s) => s.resume() },
  'is slow': {
    begin: (s) => command(s, 'CLIENT', 'PAUSE', '600000', 'WRITE'),
    end: (s) => command(s, 'CLIENT', 'UNPAUSE'),
  },
  'becomes read-only': {
    begin: (s) => command(s, 'REPLICAOF', '127.0.0.1', '1'),
    end: (s) => command(s, 'REPLICAOF', 'NO', 'ONE'),
  },
  'is out of memory': {
    begin: (s) => command(s, 'CONFIG', 'SET', 'maxmemory', '1'),
    end: (s) => command(s, 'CONFIG', 'SET', 'maxmemory', '0'),
  },
  'wants another password': { begin: demandPassword, end: demandNoPassword },
};

const states: StoreState[] = [];
let server: RedisServer;
let warn: MockInstance<typeof process.emitWarning>;

beforeEach(async () => {
  server = await redisServer();
  states.length = 0;
  warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await closeRedis();
});

const limits = { ratePerSecond: 0.001, burst: 8, timeoutMs: 500, observer: { onStoreState: note } };
function note(state: StoreState): void {
  states.push(state);
}

async function countAdmitted(limiter: SharedRateLimiter, calls: number): Promise<number> {
  let admitted = 0;
  for (let call = 0; call < calls; call++) {
    const answer = await limiter.take('k');
    if (answer === 0 || (typeof answer === 'object' && answer.retryAfterMs === 0)) admitted++;
  }
  return admitted;
}

/** Calls until the limiter uses its store again. */
async function untilBack(limiter: SharedRateLimiter): Promise<void> {
  while (states.at(-1)?.away !== false) {
    await limiter.take('k');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Two processes that have seen each other. */
async function pair(connect: (typeof clients)[number][1], options: Partial<RedisRateLimiterOptions> = {}) {
  const make = async (more: object) =>
    redisRateLimiter({ ...limits, client: await connect(server), lease: false, ...options, ...more });
  const other = await make({ observer: undefined });
  const one = await make({});
  await countAdmitted(other, 2);
  await countAdmitted(one, 2);
  return one;
}

describeOnRedis.each(clients)('while Redis %s', (_name, connect) => {
  test.each(Object.entries(faults))(
    '%s, each process admits its share, warns once, and comes back',
    async (_, fault) => {
      const limiter = await pair(connect);
      await fault.begin(server);
      expect(await countAdmitted(limiter, 20)).toBe(4);
      expect(states).toEqual([{ store: 'redis', away: true, error: expect.any(Error) as Error }]);
      expect(warn).toHaveBeenCalledOnce();
      expect(warn).toHaveBeenCalledWith(
        expect.stringMatching(
          /^redisRateLimiter: redis is away \(.+\); until it is back, each process admits its share/,
        ),
        { code: 'GRPC_JS_MIDDLEWARE_STORE' },
      );
      await fault.end(server);
      await untilBack(limiter);
      expect(states).toHaveLength(2);
      expect(warn).toHaveBeenCalledOnce();
    },
  );

  test.each([
    ['admit', 20],
    ['refuse', 0],
  ] as const)('is killed, "%s" does what it says', async (whenAway, admitted) => {
    const limiter = await pair(connect, { whenAway });
    await server.kill();
    expect(await countAdmitted(limiter, 20)).toBe(admitted);
    expect(warn).toHaveBeenCalledOnce();
  });
});

describeOnRedis('a limiter', () => {
  test('that waits for Redis waits once: calls that come together, and all after them, get its share', async () => {
    const limiter = redisRateLimiter({ ...limits, client: await nodeRedis(server), timeoutMs: 50 });
    server.pause();
    const started = performance.now();
    const together = await Promise.all(Array.from({ length: 20 }, async () => limiter.take('k')));
    const waited = performance.now() - started;
    const after = limiter.take('k');
    expect(together.filter((answer) => answer === 0)).toHaveLength(8);
    expect(after).toBeTypeOf('number');
    expect(waited).toBeGreaterThanOrEqual(49);
  });

  test('that was never connected works by its share', async () => {
    await server.kill();
    const client = ioredis(server);
    expect(await countAdmitted(redisRateLimiter({ ...limits, client }), 20)).toBe(8);
  });

  test('gives back what Redis grants too late', async () => {
    let late: (() => void) | undefined;
    const givenBack = new Promise<void>((resolve) => (late = resolve));
    const observer = { ...limits.observer, onLease: ({ asked }: LeaseEvent) => asked === 0 && late?.() };
    const client = await nodeRedis(server);
    const limiter = redisRateLimiter({ ...limits, client, timeoutMs: 50, observer });
    server.pause();
    await countAdmitted(limiter, 20);
    server.resume();
    await givenBack;
    const exact = redisRateLimiter({ ...limits, client, lease: false, timeoutMs: 30_000 });
    expect(await countAdmitted(exact, 20)).toBe(8);
  });

  test('that shares keys with another limit says so once; the bucket stays bounded by the larger', async () => {
    const client = await nodeRedis(server);
    const base = { ...limits, client, lease: false, timeoutMs: 30_000 } as const;
    const small = redisRateLimiter({ ...base, burst: 5 });
    const large = redisRateLimiter({ ...base, burst: 50 });
    let admitted = 0;
    for (let round = 0; round < 30; round++) {
      admitted += await countAdmitted(small, 2);
      admitted += await countAdmitted(large, 2);
    }
    expect(admitted).toBe(50);
    const texts = warn.mock.calls.map(([text]) => String(text));
    expect(texts).toHaveLength(2);
    expect(texts.every((text) => text.includes('another process limits the same keys'))).toBe(true);
  });
});
