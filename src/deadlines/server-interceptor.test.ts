import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { descriptionOf } from '../core/description.js';
import type { Method } from '../core/method.js';
import { startTestServer, type TestServer } from '../testing/index.js';
import { call, kinds, methodNames } from './fixtures/calls.js';
import { deadlineServerInterceptor, type DeadlineServerOptions } from './index.js';

let running: TestServer | undefined;
let seen: ServerCallContext[];

beforeEach(() => {
  seen = [];
});
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(options: DeadlineServerOptions): Promise<TestServer> {
  const peek = defineServerInterceptor('peek', () => (context) => void seen.push(context));
  return (running = await startTestServer({ interceptors: [deadlineServerInterceptor(options), peek] }));
}

/** How much time the call was given at its arrival. */
const allowed = () => seen.map(({ deadline, startedAt }) => deadline - startedAt);

describe.each(kinds)('%s', (kind) => {
  test('a call without a deadline gets the default', async () => {
    const echo = await start({ defaultMs: 5_000, maxMs: 30_000 });
    await call(echo.client, kind);
    expect(allowed()).toEqual([5_000]);
  });

  test('maxMs bounds what a client asks for, and a shorter deadline stays', async () => {
    const echo = await start({ maxMs: 30_000 });
    await call(echo.client, kind, {}, { timeoutMs: 600_000 });
    await call(echo.client, kind, {}, { timeoutMs: 10_000 });
    expect(allowed()[0]).toBe(30_000);
    expect(allowed()[1]).toBeLessThanOrEqual(10_001);
  });

  test('when the time is up the client hears it, and the handler’s signal aborts', async () => {
    const echo = await start({ defaultMs: 30 });
    await expect(call(echo.client, kind, { delayMs: 60_000 })).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: 'Deadline exceeded',
    });
    const end = await echo.events.until({ side: 'server', hook: 'onEnd' });
    expect(end).toMatchObject({ code: 'DEADLINE_EXCEEDED', origin: 'deadline' });
    expect(seen[0]!.signal.aborted).toBe(true);
    expect(seen[0]!.signal.reason).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  test('with too little time left the handler never runs', async () => {
    const handler = vi.fn();
    running = await startTestServer({
      interceptors: [deadlineServerInterceptor({ minMs: 10_000 })],
      handlers: {
        echo: handler,
        clientEcho: handler,
        // eslint-disable-next-line require-yield
        async *serverEcho() {
          handler();
        },
        // eslint-disable-next-line require-yield
        async *bidiEcho() {
          handler();
        },
      },
    });
    await expect(call(running.client, kind, {}, { timeoutMs: 9_000 })).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: expect.stringMatching(/^Deadline exceeded: \d+ ms left, this server needs 10000 ms$/) as string,
    });
    const end = await running.events.until({ side: 'server', hook: 'onEnd' });
    expect(end).toMatchObject({ code: 'DEADLINE_EXCEEDED', origin: 'interceptor', method: methodNames[kind] });
    expect(handler).not.toHaveBeenCalled();
  });

  test('with enough time left, or none set, it runs', async () => {
    const echo = await start({ minMs: 1_000 });
    await call(echo.client, kind, {}, { timeoutMs: 60_000 });
    await call(echo.client, kind);
    expect(allowed()[1]).toBe(Infinity);
  });
});

test('without options nothing changes', async () => {
  const echo = await start({});
  await call(echo.client, 'unary');
  expect(allowed()).toEqual([Infinity]);
});

test('maxMs alone is the default too', async () => {
  const echo = await start({ maxMs: 7_000 });
  await call(echo.client, 'unary');
  expect(allowed()).toEqual([7_000]);
});

test('bounds beyond setTimeout’s range do not expire at once', async () => {
  const echo = await start({ defaultMs: 2 ** 31 + 60_000 });
  await call(echo.client, 'unary', { delayMs: 20 });
  expect(allowed()).toEqual([2 ** 31 + 60_000]);
});

test.each<[DeadlineServerOptions, string]>([
  [{ defaultMs: 0 }, 'deadlineServerInterceptor: defaultMs must be a number of at least 1, got 0'],
  [{ defaultMs: NaN }, 'deadlineServerInterceptor: defaultMs must be a number of at least 1, got NaN'],
  [{ maxMs: '5s' as never }, "deadlineServerInterceptor: maxMs must be a number of at least 1, got '5s'"],
  [{ minMs: -1 }, 'deadlineServerInterceptor: minMs must be a finite number of at least 0, got -1'],
  [{ minMs: 50, maxMs: 20 }, 'deadlineServerInterceptor: minMs must be at most maxMs (20), got 50'],
  [{ minMs: 50, defaultMs: 20 }, 'deadlineServerInterceptor: minMs must be at most defaultMs (20), got 50'],
])('wrong options are refused: %j', (options, message) => {
  expect(() => deadlineServerInterceptor(options)).toThrow(new TypeError(message));
});

test.each<[DeadlineServerOptions, string]>([
  [{}, 'no bounds'],
  [{ defaultMs: 5_000, minMs: 10, maxMs: 30_000 }, 'default 5 s, at most 30 s, refused with less than 10 ms left'],
])('%j explains itself', (options, text) => {
  expect(descriptionOf(deadlineServerInterceptor(options))?.explain?.({} as Method)).toBe(text);
});
