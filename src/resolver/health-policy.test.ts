import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RoundRobinOptions } from './round-robin.js';
import { roundRobin } from './service-config.js';
import { registerStaticResolver, type StaticResolver } from './static-resolver.js';
import { echoClient, TestBackend } from './fixtures/backend.js';
import { until } from '../../test/support/until.js';

let a: TestBackend, b: TestBackend, c: TestBackend;
let table: StaticResolver;
let clients: ReturnType<typeof echoClient>[] = [];
let schemes = 0;

beforeEach(async () => {
  [a, b, c] = await Promise.all([TestBackend.start('a'), TestBackend.start('b'), TestBackend.start('c')]);
  table = registerStaticResolver(`health-${++schemes}`, { shop: [a.address, b.address, c.address] });
});

afterEach(() => {
  for (const client of clients) client.close();
  clients = [];
  for (const backend of [a, b, c]) backend.kill();
});

function connect(options: RoundRobinOptions = {}) {
  const client = echoClient(`health-${schemes}:///shop`, {
    ...roundRobin({ healthCheck: { serviceName: 'shop', initialBackoffMs: 20, maxBackoffMs: 50 }, ...options }),
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 100,
  });
  clients.push(client);
  return client;
}

type Connected = ReturnType<typeof connect>;

/** Calls until the answers come from these backends, and from no other, evenly. */
async function rotation(client: Connected, names: string): Promise<void> {
  const wanted = JSON.stringify(Object.fromEntries(names.split('').map((name) => [name, 6])));
  for (;;) {
    const tally = await client.spread(6 * names.length);
    if (JSON.stringify(Object.fromEntries(Object.entries(tally).sort())) === wanted) return;
  }
}

describe('round robin with health checks', () => {
  test('asks every backend for the service, once', async () => {
    await rotation(connect(), 'abc');
    expect([a, b, c].map(({ watchesSeen }) => watchesSeen)).toEqual([1, 1, 1]);
    expect([...a.watches].map(({ request }) => request.service)).toEqual(['shop']);
  });

  test('uses only who serves, and again who serves again', async () => {
    b.set('NOT_SERVING');
    const client = connect();
    await rotation(client, 'ac');
    b.set('SERVING');
    await rotation(client, 'abc');
    a.set('NOT_SERVING');
    await rotation(client, 'bc');
    expect(a.watchesSeen).toBe(1);
  });

  test('does not use a backend that has not answered yet', async () => {
    a.set('silent');
    const client = connect();
    await rotation(client, 'bc');
    a.set('SERVING');
    await rotation(client, 'abc');
  });

  test('lets calls wait while nobody has answered yet', async () => {
    for (const backend of [a, b, c]) backend.set('silent');
    const answer = connect().ask();
    await until(() => c.watches.size > 0);
    c.set('SERVING');
    expect(await answer).toBe('c');
  });

  test('fails calls at once when nobody serves', async () => {
    for (const backend of [a, b, c]) backend.set('NOT_SERVING');
    const client = connect();
    expect(await client.ask()).toMatch(
      /^UNAVAILABLE: round_robin: No connection established\. Last error: .*unhealthy/,
    );
    c.set('SERVING');
    await client.until((name) => name === 'c');
  });

  test('counts a backend without a health service as healthy, and does not ask it again', async () => {
    a.set(status.UNIMPLEMENTED);
    c.kill();
    c.set('none');
    await c.listen();
    await rotation(connect(), 'abc');
    expect(a.watchesSeen).toBe(1);
  });

  test.each([status.OK, status.INTERNAL, status.UNAVAILABLE])(
    'leaves out a backend whose Watch ends with %i, and asks again after a while',
    async (code) => {
      const client = connect();
      await rotation(client, 'abc');
      a.set(code);
      await rotation(client, 'bc');
      await until(() => a.watchesSeen >= 4);
      a.set('SERVING');
      await rotation(client, 'abc');
    },
  );

  test('leaves out a backend that dies, and uses it again when it is back and serves', async () => {
    const client = connect();
    await rotation(client, 'abc');
    a.kill();
    await rotation(client, 'bc');
    a.set('NOT_SERVING');
    await a.listen();
    await until(() => a.watches.size > 0);
    await rotation(client, 'bc');
    a.set('SERVING');
    await rotation(client, 'abc');
  });

  test('knows what it knew when the addresses change, so that no call waits for an answer it had', async () => {
    const client = connect();
    await rotation(client, 'abc');
    a.set('NOT_SERVING');
    await rotation(client, 'bc');
    table.set('shop', [a.address, b.address]);
    await rotation(client, 'b');
    expect([a, b].map(({ watchesSeen }) => watchesSeen)).toEqual([1, 1]);
    await until(() => c.watches.size === 0);
    a.set('SERVING');
    await rotation(client, 'ab');
  });

  test('shares one Watch between channels that share a connection, and ends it with the last', async () => {
    const [first, second] = [connect(), connect()];
    await rotation(first, 'abc');
    await rotation(second, 'abc');
    expect([a, b, c].map(({ watchesSeen }) => watchesSeen)).toEqual([1, 1, 1]);
    first.close();
    a.set('NOT_SERVING');
    await rotation(second, 'bc');
    expect(a.watches.size).toBe(1);
    second.close();
    await until(() => a.watches.size + b.watches.size + c.watches.size === 0);
  });

  test('goes together with outlier detection', async () => {
    const client = connect({
      outlierDetection: {
        intervalMs: 50,
        baseEjectionTimeMs: 60_000,
        failurePercentageEjection: { threshold: 50, minimumHosts: 2, requestVolume: 5 },
      },
    });
    await rotation(client, 'abc');
    c.set('NOT_SERVING');
    await rotation(client, 'ab');
    a.fails = true;
    await rotation(client, 'b');
    expect([...a.watches]).toHaveLength(1);
    c.set('SERVING');
    await rotation(client, 'bc');
  });
});

describe('a backend that hangs', () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  test('leaves the rotation by keepalive, and comes back when it wakes', async () => {
    child = spawn(process.execPath, ['--import', 'tsx', 'src/resolver/fixtures/backend-process.ts', 'h']);
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    table.set('shop', [a.address, `127.0.0.1:${line.toString().trim()}`]);
    const client = connect({ keepaliveTimeMs: 300, keepaliveTimeoutMs: 700 });
    await rotation(client, 'ah');
    child.kill('SIGSTOP');
    const answers = await Promise.all([1, 2, 3, 4].map(() => client.ask(20_000)));
    expect(answers.filter((answer) => answer === 'a')).toHaveLength(2);
    expect(answers.filter((answer) => /^UNAVAILABLE/.test(answer))).toHaveLength(2);
    await rotation(client, 'a');
    child.kill('SIGCONT');
    await rotation(client, 'ah');
  });
});
