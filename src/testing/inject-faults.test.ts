import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { EchoRequest, collect, injectFaults, startTestServer, type FaultOptions, type TestServer } from './index.js';

let running: TestServer | undefined;
const start = async (options: FaultOptions): Promise<TestServer> =>
  (running = await startTestServer({ interceptors: [injectFaults(options)] }));
const request = EchoRequest.fromPartial({ text: 'a' });

afterEach(async () => {
  await running?.close();
  running = undefined;
});

test('refuses calls of all four kinds before their handler', async () => {
  const { client, events } = await start({ code: status.UNAVAILABLE });
  const fault = { code: status.UNAVAILABLE, details: 'Injected fault' };
  await expect(client.echo(request)).rejects.toMatchObject(fault);
  await expect(collect(client.serverEcho(request))).rejects.toMatchObject(fault);
  await expect(client.clientEcho([request])).rejects.toMatchObject(fault);
  await expect(collect(client.bidiEcho([request]))).rejects.toMatchObject(fault);
  expect(await events.until({ hook: 'onEnd', side: 'server' })).toMatchObject({ origin: 'interceptor', sent: 0 });
});

test('hits the share of calls that was asked for', async () => {
  const draws = [0.1, 0.3, 0.29, 0.99];
  const { client } = await start({ code: status.ABORTED, probability: 0.3, random: () => draws.shift()! });
  const outcomes: string[] = [];
  for (let i = 0; i < 4; i++) {
    await client.echo(request).then(
      () => outcomes.push('OK'),
      () => outcomes.push('hit'),
    );
  }
  expect(outcomes).toEqual(['hit', 'OK', 'hit', 'OK']);
});

test('hits every call unless told otherwise, and none with probability 0', async () => {
  const { client } = await start({ code: status.ABORTED, probability: 0, random: () => 0 });
  expect(await client.echo(request)).toMatchObject({ text: 'a' });
});

test('hits the methods that were asked for', async () => {
  const { client } = await start({ code: status.ABORTED, methods: /Client/ });
  expect(await client.echo(request)).toMatchObject({ text: 'a' });
  await expect(client.clientEcho([])).rejects.toMatchObject({ code: status.ABORTED });
});

describe('a delay', () => {
  test('alone lets the call go on after it', async () => {
    const { client, events } = await start({ delayMs: 40 });
    expect(await client.echo(request)).toMatchObject({ text: 'a' });
    const { hook } = await events.until({ side: 'server', hook: 'onEnd' });
    expect(hook).toBe('onEnd');
    await expect(client.echo(request, { timeoutMs: 5 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  test('comes before the refusal', async () => {
    const { client } = await start({ delayMs: 40, code: status.ABORTED });
    await expect(client.echo(request, { timeoutMs: 5 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await expect(client.echo(request)).rejects.toMatchObject({ code: status.ABORTED });
  });

  test('ends with its call: no timer is left', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const clear = vi.spyOn(globalThis, 'clearTimeout');
    const { rawClient, events } = await start({ delayMs: 54_321 });
    const call = rawClient.echo(request, () => undefined);
    await events.until({ side: 'server', hook: 'admit' });
    const timer = set.mock.results[set.mock.calls.findIndex(([, ms]) => ms === 54_321)]?.value as unknown;
    expect(timer).toBeDefined();
    call.cancel();
    expect(await events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'CANCELLED' });
    expect(clear.mock.calls.flat()).toContain(timer);
    vi.restoreAllMocks();
  });
});

describe('wrong options', () => {
  const wrong: [FaultOptions, string][] = [
    [{ code: 0 }, "injectFaults: code must be a status code from 1 to 16 or its name, such as 'UNAVAILABLE', got 0"],
    [
      { code: 17 as status },
      "injectFaults: code must be a status code from 1 to 16 or its name, such as 'UNAVAILABLE', got 17",
    ],
    [{ code: 5, probability: 1.5 }, 'injectFaults: probability must be a number from 0 to 1, got 1.5'],
    [{ code: 5, probability: NaN }, 'injectFaults: probability must be a number from 0 to 1, got NaN'],
    [{ code: 5, delayMs: -1 }, 'injectFaults: delayMs must be a number from 0 to 2147483647, got -1'],
    [{ code: 5, methods: 'nonsense' }, "injectFaults: methods must be 'pkg.Service/Name'"],
    [{ code: 5, random: 7 as unknown as () => number }, 'injectFaults: random must be a function, got 7'],
    [{}, 'injectFaults: code must be given, or else delayMs'],
    [undefined as unknown as FaultOptions, 'injectFaults: options must be an object, got undefined'],
  ];
  test.each(wrong)('%o', (options, message) => {
    expect(() => injectFaults(options)).toThrow(message);
  });
});

test.each([status.UNAVAILABLE, 'UNAVAILABLE'] as const)('a code may be a number or a name: %s', async (code) => {
  const faulty = await startTestServer({ interceptors: [injectFaults({ code })] });
  await expect(faulty.client.echo(EchoRequest.create())).rejects.toMatchObject({ code: status.UNAVAILABLE });
  await faulty.close();
});
