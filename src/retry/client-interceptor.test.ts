import { Metadata, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { retryRun, unavailable, withoutJitter, type Run } from './fixtures/retry-run.js';
import { retryClientInterceptor, type GiveUpEvent } from './index.js';
import { kinds, ScriptedServer, startCall } from './fixtures/scripted-server.js';

let server: ScriptedServer;
beforeAll(async () => {
  server = await ScriptedServer.start();
});
afterAll(() => server.close());
beforeEach(() => {
  server.attempts.length = 0;
  server.script = [{}];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const run = (...args: Parameters<typeof retryRun> extends [unknown, ...infer Rest] ? Rest : never): Promise<Run> =>
  retryRun(server, ...args);

describe('gRFC A6, rule by rule', () => {
  test.each(kinds)('tries again until it succeeds: %s', async (kind) => {
    const { status: end, messages, ends, retries } = await run([unavailable, unavailable, {}], {}, { kind });
    expect(end.code).toBe(status.OK);
    expect(messages).toEqual([{ attempt: 3 }]);
    expect(ends).toBe(kind === 'unary' || kind === 'clientStream' ? 1 : 0);
    expect(retries.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(server.attempts.map(({ requests }) => requests)).toEqual([['hello'], ['hello'], ['hello']]);
  });

  test.each(kinds)('maxAttempts counts the first attempt, and the last failure is the result: %s', async (kind) => {
    const {
      status: end,
      ends,
      giveUps,
    } = await run([unavailable, unavailable, { ...unavailable, details: 'third' }], { maxAttempts: 3 }, { kind });
    expect(end).toMatchObject({ code: status.UNAVAILABLE, details: 'third' });
    expect(ends).toBe(1);
    expect(server.attempts).toHaveLength(3);
    expect(giveUps).toMatchObject([{ attempts: 3, reason: 'maxAttempts', error: { code: status.UNAVAILABLE } }]);
  });

  test('only retryableStatusCodes are tried again', async () => {
    const { status: end, giveUps } = await run([{ code: status.ABORTED }, {}], {
      retryableStatusCodes: ['unavailable', status.INTERNAL],
    });
    expect(end.code).toBe(status.ABORTED);
    expect(server.attempts).toHaveLength(1);
    expect(giveUps).toMatchObject([{ attempts: 1, reason: 'notRetryable' }]);
  });

  test('delays grow by the multiplier up to the maximum', async () => {
    withoutJitter();
    const options = { maxAttempts: 5, initialBackoffMs: 100, backoffMultiplier: 3, maxBackoffMs: 500 };
    expect((await run([unavailable], options)).delays).toEqual([100, 300, 500, 500]);
  });

  test.each([
    [0, 80],
    [0.5, 100],
    [0.9999999, 120],
  ])('jitter is 20 %% either way: random %f', async (random, delay) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    expect((await run([unavailable, {}])).delays[0]).toBeCloseTo(delay, 3);
  });

  test.each(kinds)('gives up at once when the next attempt would start after the deadline: %s', async (kind) => {
    withoutJitter();
    const options = { initialBackoffMs: 100, maxBackoffMs: 1000, backoffMultiplier: 2 };
    // 100 ms, then 200 ms more: past 250.
    const { status: end, giveUps } = await run([unavailable], options, { deadlineMs: 250, kind });
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(server.attempts).toHaveLength(2);
    expect(giveUps).toMatchObject([{ attempts: 2, reason: 'deadline' }]);
  });

  test('the deadline covers all attempts: each is sent what is left', async () => {
    withoutJitter();
    await run([unavailable, {}], { initialBackoffMs: 400 }, { deadlineMs: 1000 });
    const [first, second] = server.attempts;
    expect(second!.deadline).toBe(first!.deadline);
    expect(first!.deadline).not.toBe(Infinity);
  });

  test.each(kinds)('headers commit the call: %s', async (kind) => {
    const {
      status: end,
      headers,
      giveUps,
    } = await run([{ ...unavailable, headers: { seen: 'yes' } }, {}], {}, { kind });
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(headers.map((each) => each.get('seen'))).toEqual([['yes']]);
    expect(server.attempts).toHaveLength(1);
    expect(giveUps).toMatchObject([{ reason: 'committed' }]);
  });

  test.each(['serverStream', 'bidi'] as const)('a stream is never delivered twice: %s', async (kind) => {
    const { status: end, messages } = await run(
      [{ ...unavailable, messages: [1, 2, 3] }, { messages: [1, 2, 3] }],
      {},
      { kind },
    );
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(messages).toEqual([1, 2, 3]);
    expect(server.attempts).toHaveLength(1);
  });

  test('attempts say how many came before', async () => {
    const metadata = new Metadata();
    metadata.set('caller', 'me');
    await run([unavailable, unavailable, {}], {}, { metadata });
    expect(server.attempts.map((each) => each.metadata.get('grpc-previous-rpc-attempts'))).toEqual([[], ['1'], ['2']]);
    expect(server.attempts.map((each) => each.metadata.get('caller'))).toEqual([['me'], ['me'], ['me']]);
    expect(metadata.get('grpc-previous-rpc-attempts')).toEqual([]);
  });
});

describe('one attempt has its time', () => {
  test.each(kinds)('an attempt without an answer is ended and made again: %s', async (kind) => {
    const { status: end, retries } = await run(
      [{ hang: true }, {}],
      { perAttemptTimeoutMs: 50 },
      { kind, passAttempts: 1 },
    );
    expect(end.code).toBe(status.OK);
    expect(retries).toMatchObject([{ reason: 'attemptTimeout', error: { code: status.DEADLINE_EXCEEDED } }]);
    await server.until(() => server.attempts[0]!.cancelled);
    expect(server.attempts).toHaveLength(2);
  });

  test('leaves no timer behind when the answer comes in time', async () => {
    const { status: end } = await run([unavailable, {}], { perAttemptTimeoutMs: 5_000 });
    expect(end.code).toBe(status.OK);
  });

  test('the last one ends the call', async () => {
    const { status: end, giveUps } = await run(
      [{ hang: true }],
      { perAttemptTimeoutMs: 50, maxAttempts: 2 },
      { passAttempts: 2 },
    );
    expect(end).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'Attempt 2 had no answer within 50 ms' });
    expect(giveUps).toMatchObject([{ attempts: 2, reason: 'maxAttempts' }]);
  });

  test('a stream that has begun has all the time that the call has', async () => {
    const { status: end, giveUps } = await run(
      [{ headers: {}, hang: true }, {}],
      { perAttemptTimeoutMs: 50 },
      { kind: 'serverStream', deadlineMs: 1000, passCall: true },
    );
    expect(end.code).toBe(status.DEADLINE_EXCEEDED);
    expect(giveUps).toMatchObject([{ attempts: 1, reason: 'committed' }]);
  });
});

describe('cancellation', () => {
  test.each(kinds)('ends an attempt, and none follows: %s', async (kind) => {
    server.script = [{ hang: true }, {}];
    const giveUps: GiveUpEvent[] = [];
    const retry = retryClientInterceptor({
      retryableStatusCodes: ['CANCELLED', 'UNAVAILABLE'],
      onGiveUp: (event) => giveUps.push(event),
    });
    const { call, outcome } = startCall(await server.client({ interceptors: [retry] }), kind);
    await server.seen(1);
    call.cancel();
    const { status: end, ends } = await outcome;
    expect(end).toMatchObject({ code: status.CANCELLED, details: 'Cancelled on client' });
    expect(ends).toBe(1);
    expect(giveUps).toMatchObject([{ attempts: 1, reason: 'cancelled' }]);
    await server.until(() => server.attempts[0]!.cancelled);
    expect(server.attempts).toHaveLength(1);
  });

  test.each(kinds)('ends the wait between attempts: %s', async (kind) => {
    server.script = [unavailable, {}];
    let retried = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (retried = resolve));
    const retry = retryClientInterceptor({ backoff: () => 60_000, onRetry: () => retried() });
    const client = await server.client({ interceptors: [retry] });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { call, outcome } = startCall(client, kind);
    await waiting;
    call.cancel();
    expect(vi.getTimerCount()).toBe(0);
    const { status: end, ends } = await outcome;
    expect(end).toMatchObject({ code: status.CANCELLED, details: 'Cancelled on client' });
    expect(ends).toBe(1);
    expect(server.attempts).toHaveLength(1);
  });
});
