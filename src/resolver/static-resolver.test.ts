import { connectivityState } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { roundRobin } from './service-config.js';
import { registerStaticResolver, type StaticResolver } from './static-resolver.js';
import { echoClient, TestBackend } from './fixtures/backend.js';

let a: TestBackend, b: TestBackend, c: TestBackend;
let table: StaticResolver;
let client: ReturnType<typeof echoClient>;
let schemes = 0;
let scheme: string;

beforeEach(async () => {
  [a, b, c] = await Promise.all([TestBackend.start('a'), TestBackend.start('b'), TestBackend.start('c')]);
  scheme = `static-${++schemes}`;
  table = registerStaticResolver(scheme, { 'product-service': [a.address, b.address] });
  client = echoClient(`${scheme}:///product-service`, roundRobin());
});

afterEach(() => {
  client.close();
  for (const backend of [a, b, c]) backend.kill();
});

describe('registerStaticResolver', () => {
  test('spreads calls evenly over the addresses', async () => {
    await client.until((name) => name === 'a');
    await client.until((name) => name === 'b');
    expect(await client.spread(300)).toEqual({ a: 150, b: 150 });
  });

  test('serves the example of three replicas on localhost', async () => {
    const three = [a, b, c].map(({ port }) => `localhost:${port}`);
    registerStaticResolver('custom', { 'product-service': three });
    const shop = echoClient('custom:///product-service', roundRobin());
    for (const name of ['a', 'b', 'c']) await shop.until((answer) => answer === name);
    expect(await shop.spread(300)).toEqual({ a: 100, b: 100, c: 100 });
    shop.close();
  });

  test('follows set: new addresses are used, old ones let go, and no call fails', async () => {
    await client.until((name) => name === 'b');
    const answers: Promise<string>[] = [];
    for (let i = 0; i < 100; i++) answers.push(client.ask());
    table.set('product-service', [b.address, c.address]);
    for (let i = 0; i < 100; i++) answers.push(client.ask());
    expect((await Promise.all(answers)).filter((name) => name.length > 1)).toEqual([]);
    await client.until((name) => name === 'c');
    expect(await client.spread(10)).toEqual({ b: 5, c: 5 });
  });

  test('fails calls at once, saying why, while a name has no addresses', async () => {
    await client.until((name) => name === 'a');
    table.set('product-service', []);
    await client.until((answer) => answer.startsWith('UNAVAILABLE'));
    expect(await client.ask()).toBe(`UNAVAILABLE: no addresses are set for '${scheme}:///product-service'`);
    table.set('product-service', [c.address]);
    await client.until((name) => name === 'c');
  });

  test('fails calls to a name that is not in the table, until it is', async () => {
    const other = echoClient(`${scheme}:///order-service`, roundRobin());
    expect(await other.ask()).toBe(`UNAVAILABLE: no addresses are set for '${scheme}:///order-service'`);
    table.set('order-service', [a.address]);
    await other.until((name) => name === 'a');
    other.close();
  });

  test('lists an address once, however often it is given', async () => {
    table.set('product-service', [a.address, a.address, b.address]);
    await client.until((name) => name === 'b');
    await client.until((name) => name === 'a');
    expect(await client.spread(10)).toEqual({ a: 5, b: 5 });
  });

  test.each([
    '',
    'localhost',
    ':50051',
    'localhost:',
    'localhost:abc',
    'localhost:70000',
    'localhost:0',
    '[::1',
    'a b:1',
  ])('refuses %j, and keeps what it had', async (address) => {
    expect(() => table.set('product-service', [a.address, address])).toThrow(
      "registerStaticResolver: table['product-service'] must be a list of 'host:port' or '[ipv6]:port'",
    );
    await client.until((name) => name === 'b');
    expect(() => registerStaticResolver('never', { x: [address] })).toThrow("table['x'] must be a list");
  });

  test.each(['dns', 'ipv4', 'unix', 'a b', '', '9p'])('refuses the scheme %j', (taken) => {
    expect(() => registerStaticResolver(taken, {})).toThrow('registerStaticResolver: scheme must be a URI scheme');
  });

  test('a scheme that is registered again serves channels made after that, and says so', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    registerStaticResolver(scheme, { 'product-service': [c.address] });
    expect((await warned).message).toBe(
      `registerStaticResolver: scheme '${scheme}' was registered before; new channels use the latest`,
    );
    const later = echoClient(`${scheme}:///product-service`, roundRobin());
    expect(await later.ask()).toBe('c');
    expect(['a', 'b']).toContain(await client.ask());
    later.close();
  });

  test('starts again after a channel has been idle', async () => {
    const idle = echoClient(`${scheme}:///product-service`, { ...roundRobin(), 'grpc.client_idle_timeout_ms': 1_000 });
    expect(['a', 'b']).toContain(await idle.ask());
    const channel = idle.client.getChannel();
    await new Promise<void>((resolve) => {
      const look = () => {
        const state = channel.getConnectivityState(false);
        if (state === connectivityState.IDLE) resolve();
        else channel.watchConnectivityState(state, Infinity, look);
      };
      look();
    });
    table.set('product-service', [c.address]);
    expect(await idle.ask()).toBe('c');
    idle.close();
  });
});
