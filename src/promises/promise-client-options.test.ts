import { Metadata, status } from '@grpc/grpc-js';
import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { defineClientInterceptor, defineServerInterceptor } from '../core/index.js';
import { EchoRequest, collect, startTestServer, type TestServer, type TestServerOptions } from '../testing/index.js';
import type { PromiseCallOptions } from './index.js';

let running: TestServer | undefined;
const start = async (options?: TestServerOptions): Promise<TestServer> => (running = await startTestServer(options));
const request = (fields: Partial<EchoRequest> = {}) => EchoRequest.fromPartial(fields);
const slow = request({ delayMs: 60_000 });

afterEach(async () => {
  await running?.close();
  running = undefined;
});

const kinds = ['echo', 'serverEcho', 'clientEcho', 'bidiEcho'] as const;

/** A call of each kind, with the same request and options. */
function call(
  { client }: TestServer,
  kind: (typeof kinds)[number],
  message: EchoRequest,
  options?: PromiseCallOptions,
) {
  if (kind === 'echo') return client.echo(message, options);
  if (kind === 'serverEcho') return collect(client.serverEcho(message, options));
  if (kind === 'clientEcho') return client.clientEcho([message], options);
  return collect(client.bidiEcho([message], options));
}

describe('signal', () => {
  test.each(kinds)('cancels a call of %s, for its reason', async (kind) => {
    const server = await start();
    const controller = new AbortController();
    const failure = expect(call(server, kind, slow, { signal: controller.signal })).rejects.toMatchObject({
      code: status.CANCELLED,
      details: 'Cancelled: the signal was aborted',
      cause: 'mine',
    });
    await server.events.until({ side: 'server', hook: 'onRequest' });
    controller.abort('mine');
    await failure;
    expect(await server.events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'CANCELLED' });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test.each(kinds)('that is aborted already keeps a call of %s from being sent', async (kind) => {
    const server = await start();
    const reason = new Error('mine');
    await expect(call(server, kind, request(), { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: status.CANCELLED,
      cause: reason,
    });
    expect(server.events.list()).toEqual([]);
  });

  test('has one listener for many calls, and none after them', async () => {
    const warnings: unknown[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warn);
    const server = await start();
    const { signal } = new AbortController();
    const calls = Array.from({ length: 40 }, (_, i) => call(server, kinds[i % 4]!, request(), { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.all(calls);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  test('cancels all calls that share it', async () => {
    const server = await start();
    const controller = new AbortController();
    const calls = kinds.map((kind) => call(server, kind, slow, { signal: controller.signal }));
    const settled = Promise.allSettled<unknown>(calls);
    await server.events.until({ side: 'server', hook: 'onRequest' }, { nth: 4 });
    controller.abort();
    for (const each of await settled) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: status.CANCELLED } });
    }
  });

  test('does not take away what has come: the call is over', async () => {
    const { client, events } = await start();
    const controller = new AbortController();
    const replies = client.serverEcho(request({ count: 2 }), { signal: controller.signal });
    await events.until({ side: 'client', hook: 'onEnd' });
    controller.abort();
    expect(await collect(replies)).toHaveLength(2);
  });
});

describe('timeoutMs and deadline', () => {
  test.each(kinds)('end a call of %s', async (kind) => {
    const server = await start();
    await expect(call(server, kind, slow, { timeoutMs: 30 })).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
  });

  test('the earlier of both counts', async () => {
    const deadlines: number[] = [];
    const note = defineClientInterceptor('note', () => (context) => ({
      admit: () => void deadlines.push(context.deadline),
    }));
    const { client } = await start({ clientInterceptors: [note] });
    const before = Date.now();
    await client.echo(request(), { timeoutMs: 5000, deadline: before + 90_000 });
    await client.echo(request(), { timeoutMs: 90_000, deadline: new Date(before + 5000) });
    await client.echo(request(), { timeoutMs: Infinity });
    expect(deadlines[0]! - before).toBeGreaterThanOrEqual(5000);
    expect(deadlines[0]! - before).toBeLessThan(80_000);
    expect(deadlines[1]).toBe(before + 5000);
    expect(deadlines[2]).toBe(Infinity);
  });

  test.each([NaN, -1, '10'])('timeoutMs may not be %s', async (timeoutMs) => {
    const { client, events } = await start();
    const options = { timeoutMs } as PromiseCallOptions;
    const message = /^promiseClient: timeoutMs must be a number of milliseconds of at least 0, got /;
    await expect(client.echo(request(), options)).rejects.toThrow(message);
    expect(() => client.serverEcho(request(), options)).toThrow(message);
    expect(events.list()).toEqual([]);
  });
});

describe('metadata, onHeaders and onTrailers', () => {
  const telling = defineServerInterceptor('tell', () => (context) => ({
    admit: () => {
      context.responseHeaders.set('x-head', context.metadata.get('x-one')[0] ?? '');
      context.responseTrailers.set('x-tail', '1');
    },
  }));

  test.each(kinds)('are sent and told in a call of %s, before it settles', async (kind) => {
    const server = await start({ interceptors: [telling] });
    const metadata = new Metadata();
    metadata.set('x-one', 'one');
    const told: string[] = [];
    const options = {
      metadata,
      onHeaders: (headers: Metadata) => void told.push(`head ${headers.get('x-head').join()}`),
      onTrailers: (trailers: Metadata) => void told.push(`tail ${trailers.get('x-tail').join()}`),
    };
    await call(server, kind, request(), options).then(() => told.push('settled'));
    expect(told).toEqual(['head one', 'tail 1', 'settled']);
    told.length = 0;
    await call(server, kind, request({ errorCode: status.ABORTED }), options).catch(() => told.push('settled'));
    expect(told.slice(-2)).toEqual(['tail 1', 'settled']);
    expect(metadata.getMap()).toEqual({ 'x-one': 'one' });
  });

  const mine = new Error('mine');
  const throwing: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw mine;
      },
    ],
    ['rejects', () => Promise.reject(mine)],
  ];
  describe.each(throwing)('a callback that %s', (_, fail) => {
    test.each(kinds)('fails a call of %s', async (kind) => {
      const server = await start();
      const options = { onHeaders: fail };
      await expect(call(server, kind, request({ delayMs: 1 }), options)).rejects.toMatchObject({
        code: status.CANCELLED,
        details: 'Cancelled: onHeaders threw',
        cause: mine,
      });
    });
  });

  test.each(kinds)('an onTrailers that throws fails a call of %s that was answered', async (kind) => {
    const server = await start();
    const onTrailers = (): never => {
      throw mine;
    };
    await expect(call(server, kind, request(), { onTrailers })).rejects.toMatchObject({
      code: status.CANCELLED,
      details: 'Cancelled: onTrailers threw',
      cause: mine,
    });
  });
});

test("grpc-js's own call options are passed on", async () => {
  const { client, events } = await start();
  const seen: string[] = [];
  const own = defineClientInterceptor('own', (method) => () => ({ admit: () => void seen.push(method.name) }));
  await client.echo(request(), { interceptors: [own] });
  // They take the place of the client's interceptors.
  expect(events.list({ side: 'client' })).toEqual([]);
  expect(seen).toEqual(['Echo']);
});
