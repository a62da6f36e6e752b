import { Metadata, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { hedgingClientInterceptor, retryClientInterceptor, type GiveUpEvent, type RetryOptions } from './index.js';
import type { ReplayBuffer } from './replay-buffer.js';
import { ScriptedServer, startCall, type Answer, type Kind } from './fixtures/scripted-server.js';

let server: ScriptedServer;
beforeAll(async () => {
  server = await ScriptedServer.start();
});
afterAll(() => server.close());
beforeEach(() => {
  server.attempts.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

const unavailable: Answer = { code: status.UNAVAILABLE };
const streams = ['clientStream', 'bidi'] as const;
const requestsOf = (attempt: number): unknown[] => server.attempts[attempt]!.requests;

/** An upload whose writes the test makes itself. */
async function upload(kind: Kind, script: readonly Answer[], options: RetryOptions = {}) {
  server.script = script;
  const giveUps: GiveUpEvent[] = [];
  const retry = retryClientInterceptor({ backoff: () => 0, onGiveUp: (event) => giveUps.push(event), ...options });
  const client = await server.client({ interceptors: [retry], 'grpc.enable_retries': 0 });
  const { call, outcome } = startCall(client, kind, { requests: [], end: false });
  const writable = call as unknown as NodeJS.WritableStream;
  const write = (message: unknown): Promise<void> =>
    new Promise((resolve, reject) => writable.write(message as string, (error) => (error ? reject(error) : resolve())));
  return { call, outcome, giveUps, write, end: () => writable.end() };
}

/** What the retry keeps for this call. */
const bufferOf = (call: unknown): ReplayBuffer => (call as { call: { buffer: ReplayBuffer } }).call.buffer;

describe('request streams', () => {
  test.each(streams)('each attempt is sent everything from the first message on: %s', async (kind) => {
    const { outcome, write, end } = await upload(kind, [{ ...unavailable, early: true }, unavailable, {}]);
    await write(1);
    await server.seen(2);
    await write(2);
    await write(3);
    end();
    expect((await outcome).status.code).toBe(status.OK);
    expect(requestsOf(1)).toEqual([1, 2, 3]);
    expect(requestsOf(2)).toEqual([1, 2, 3]);
  });

  test.each(streams)('a full buffer commits the call, which then streams on without one: %s', async (kind) => {
    const { outcome, write, end, giveUps } = await upload(kind, [unavailable, {}], { maxBufferedMessages: 10 });
    const messages = Array.from({ length: 200 }, (_, index) => index);
    for (const message of messages) await write(message);
    end();
    expect((await outcome).status.code).toBe(status.UNAVAILABLE);
    expect(giveUps).toMatchObject([{ attempts: 1, reason: 'bufferOverflow' }]);
    expect(server.attempts).toHaveLength(1);
    expect(requestsOf(0)).toEqual(messages);
  });

  test('the buffer is measured in bytes too', async () => {
    const { outcome, write, end, giveUps } = await upload('clientStream', [unavailable, {}], {
      maxBufferedBytes: 10_000,
    });
    await write('x'.repeat(9_000));
    await write('x'.repeat(9_000));
    end();
    expect((await outcome).status.code).toBe(status.UNAVAILABLE);
    expect(giveUps).toMatchObject([{ reason: 'bufferOverflow' }]);
  });

  test('a single request needs no buffer, however large', async () => {
    server.script = [unavailable, {}];
    const limits = { maxBufferedMessages: 0, maxBufferedBytes: 0 };
    const client = await server.client({ interceptors: [retryClientInterceptor({ backoff: () => 0, ...limits })] });
    const { status: end } = await startCall(client, 'unary', { requests: ['x'.repeat(100_000)] }).outcome;
    expect(end.code).toBe(status.OK);
  });

  test.each(streams)('a buffer that fills up between two attempts commits the next one: %s', async (kind) => {
    let fill = (): void => undefined;
    const { call, outcome, write, end, giveUps } = await upload(
      kind,
      [{ ...unavailable, early: true }, unavailable, {}],
      {
        maxBufferedMessages: 1,
        onRetry: () => fill(),
      },
    );
    await write(1);
    // Held back until the next attempt takes it.
    await new Promise<void>((resolve) => {
      fill = () => void write(2).then(resolve);
    });
    await write(3);
    expect(bufferOf(call).held).toBeLessThanOrEqual(1);
    end();
    expect((await outcome).status.code).toBe(status.UNAVAILABLE);
    expect(giveUps).toMatchObject([{ attempts: 2, reason: 'bufferOverflow' }]);
    expect(requestsOf(1)).toEqual([1, 2, 3]);
  });

  test.each(streams)('no writer is left waiting when the call ends: %s', async (kind) => {
    const written: number[] = [];
    const { call, outcome, write } = await upload(kind, [{ ...unavailable, early: true }], {
      backoff: () => 60_000,
      onRetry: () => {
        // No attempt will take this one.
        void write(2).then(() => written.push(2));
        setImmediate(() => {
          expect(written).toEqual([]);
          call.cancel();
        });
      },
    });
    await write(1);
    expect((await outcome).status.code).toBe(status.CANCELLED);
    // Written to a call that is over: goes nowhere, and says so to nobody, as with grpc-js alone.
    await write(3);
    expect(written).toEqual([2]);
  });

  test('a conversation goes on as long as it likes once it has begun', async () => {
    const { call, outcome, write, end } = await upload('bidi', [{ headers: {}, messages: ['a', 'b'] }], {
      maxBufferedMessages: 3,
    });
    await new Promise((resolve) => call.once('metadata', resolve));
    for (let message = 0; message < 50; message++) await write(message);
    expect(bufferOf(call).held).toBeLessThanOrEqual(1);
    end();
    const { status: outcomeStatus, messages } = await outcome;
    expect(outcomeStatus.code).toBe(status.OK);
    expect(messages).toEqual(['a', 'b']);
    expect(requestsOf(0)).toHaveLength(50);
  });

  test('a killed connection in the middle of an upload is retried', async () => {
    const flaky = await ScriptedServer.start();
    flaky.script = [{ hang: true }, {}];
    const retry = retryClientInterceptor({ backoff: () => 0, maxAttempts: 5 });
    const client = await flaky.client({
      interceptors: [retry],
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 100,
    });
    const metadata = new Metadata({ waitForReady: true });
    const { outcome } = startCall(client, 'clientStream', { requests: [1, 2, 3], metadata });
    await flaky.until(() => flaky.attempts[0]?.requests.length === 3);
    flaky.killConnections();
    expect((await outcome).status.code).toBe(status.OK);
    expect(flaky.attempts.map(({ requests }) => requests)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    flaky.close();
  });
});

describe('hedged request streams', () => {
  test('a buffer that fills up while none runs commits the call to the next attempt', async () => {
    const pushback = { 'grpc-retry-pushback-ms': '500' };
    server.script = [{ ...unavailable, early: true, trailers: pushback }, unavailable, {}];
    const hedging = hedgingClientInterceptor({
      maxAttempts: 3,
      hedgingDelayMs: 60_000,
      maxBufferedMessages: 1,
      nonFatalStatusCodes: ['UNAVAILABLE'],
    });
    const client = await server.client({ interceptors: [hedging], 'grpc.enable_retries': 0 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { call, outcome } = startCall(client, 'clientStream', { requests: [], end: false });
    const writable = call as unknown as NodeJS.WritableStream;
    writable.write('first');
    await server.seen(1);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    writable.write('second');
    vi.advanceTimersByTime(500);
    await server.seen(2);
    writable.end();
    expect((await outcome).status.code).toBe(status.UNAVAILABLE);
    expect(server.attempts).toHaveLength(2);
    expect(requestsOf(1)).toEqual(['first', 'second']);
  });

  test('a full buffer commits the call to one attempt', async () => {
    server.script = [{ hang: true }];
    const hedging = hedgingClientInterceptor({ maxAttempts: 3, maxBufferedMessages: 5 });
    const client = await server.client({ interceptors: [hedging] });
    const { call, outcome } = startCall(client, 'clientStream', { requests: [], end: false });
    const writable = call as unknown as NodeJS.WritableStream;
    const write = (message: unknown): Promise<void> =>
      new Promise((resolve) => writable.write(message as string, () => resolve()));
    for (let message = 0; message < 20; message++) await write(message);
    writable.end();
    await server.until(() => server.attempts.filter(({ cancelled }) => cancelled).length === 2);
    const winner = server.attempts.findIndex(({ cancelled }) => !cancelled);
    await server.until(() => server.attempts[winner]!.finished);
    expect(requestsOf(winner)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    server.release(winner);
    expect((await outcome).status.code).toBe(status.OK);
  });
});
