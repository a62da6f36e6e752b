import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { hedgingClientInterceptor, type GiveUpEvent, type HedgeEvent, type HedgingOptions } from './index.js';
import {
  kinds,
  ScriptedServer,
  startCall,
  type Answer,
  type Kind,
  type RunningCall,
} from './fixtures/scripted-server.js';

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

/** Starts a hedged call whose clock stands still until the test moves it. */
async function start(script: readonly Answer[], options: HedgingOptions, more: StartOptions = {}): Promise<Started> {
  server.script = script;
  const hedges: HedgeEvent[] = [];
  const giveUps: GiveUpEvent[] = [];
  const hedging = hedgingClientInterceptor({
    ...options,
    onHedge: (event) => hedges.push(event),
    onGiveUp: (event) => giveUps.push(event),
  });
  const client = await server.client({ interceptors: [hedging], 'grpc.enable_retries': 0 });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  const deadline = more.deadlineMs === undefined ? undefined : Date.now() + more.deadlineMs;
  return { ...startCall(client, more.kind ?? 'unary', { options: { deadline } }), hedges, giveUps };
}

interface StartOptions {
  readonly kind?: Kind;
  readonly deadlineMs?: number;
}
interface Started extends RunningCall {
  readonly hedges: HedgeEvent[];
  readonly giveUps: GiveUpEvent[];
}

const hang: Answer = { hang: true };
const unavailable: Answer = { code: status.UNAVAILABLE };
const withPushback = (value: string): Answer => ({ ...unavailable, trailers: { 'grpc-retry-pushback-ms': value } });
const nonFatalStatusCodes = ['UNAVAILABLE'] as const;

describe('gRFC A6, hedging', () => {
  test.each(kinds)(
    'a further attempt after each delay; the first answer wins, the others are cancelled: %s',
    async (kind) => {
      const { outcome, hedges } = await start([hang, hang, {}], { maxAttempts: 3, hedgingDelayMs: 100 }, { kind });
      await server.until(() => server.attempts[0]?.finished === true);
      vi.advanceTimersByTime(99);
      expect(hedges).toHaveLength(0);
      vi.advanceTimersByTime(1);
      expect(hedges).toHaveLength(1);
      vi.advanceTimersByTime(100);
      const { status: end, messages } = await outcome;
      expect(end.code).toBe(status.OK);
      expect(messages).toEqual([{ attempt: 3 }]);
      expect(hedges).toMatchObject([
        { attempt: 2, reason: 'delay' },
        { attempt: 3, reason: 'delay' },
      ]);
      await server.until(() => server.attempts[0]!.cancelled && server.attempts[1]!.cancelled);
      expect(server.attempts.map(({ requests }) => requests)).toEqual([['hello'], ['hello'], ['hello']]);
      expect(server.attempts.map(({ metadata }) => metadata.get('grpc-previous-rpc-attempts'))).toEqual([
        [],
        ['1'],
        ['2'],
      ]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('a delay of 0 sends all at once', async () => {
    const { outcome, hedges } = await start([hang, hang, hang, {}], { maxAttempts: 4 });
    expect(hedges).toHaveLength(3);
    expect((await outcome).status.code).toBe(status.OK);
  });

  test('an answer within the delay needs no hedge', async () => {
    const { outcome } = await start([{}], { maxAttempts: 3, hedgingDelayMs: 100 });
    expect((await outcome).status.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each(kinds)('headers make an attempt the winner: %s', async (kind) => {
    const { outcome, giveUps } = await start(
      [hang, { ...unavailable, headers: { a: 'b' } }],
      { maxAttempts: 2, nonFatalStatusCodes },
      { kind },
    );
    const { status: end, ends } = await outcome;
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(ends).toBe(1);
    expect(giveUps).toMatchObject([{ attempts: 2, reason: 'committed' }]);
    await server.until(() => server.attempts[0]!.cancelled);
  });

  test('a non-fatal failure sends the next attempt at once, and the last one is the result', async () => {
    const { outcome, hedges, giveUps } = await start([unavailable, unavailable, { ...unavailable, details: 'last' }], {
      maxAttempts: 3,
      hedgingDelayMs: 60_000,
      nonFatalStatusCodes,
    });
    expect((await outcome).status).toMatchObject({ code: status.UNAVAILABLE, details: 'last' });
    expect(hedges.map(({ reason }) => reason)).toEqual(['failure', 'failure']);
    expect(giveUps).toMatchObject([{ attempts: 3, reason: 'maxAttempts' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a failure while others run is not the end', async () => {
    const { outcome } = await start([unavailable, {}], { maxAttempts: 2, nonFatalStatusCodes });
    expect((await outcome).status.code).toBe(status.OK);
  });

  test('a fatal failure ends the call and cancels the others', async () => {
    const { outcome, giveUps } = await start([hang, { code: status.NOT_FOUND }], {
      maxAttempts: 2,
      nonFatalStatusCodes,
    });
    expect((await outcome).status.code).toBe(status.NOT_FOUND);
    expect(giveUps).toMatchObject([{ reason: 'notRetryable' }]);
    await server.until(() => server.attempts[0]!.cancelled);
  });

  test('a pushback sets when the next attempt is sent; those after it follow by the delay', async () => {
    const { outcome, hedges } = await start([withPushback('500'), hang, {}], {
      maxAttempts: 3,
      hedgingDelayMs: 100,
      nonFatalStatusCodes,
    });
    await server.until(() => server.attempts[0]?.finished === true);
    await settled();
    vi.advanceTimersByTime(499);
    expect(hedges).toHaveLength(0);
    vi.advanceTimersByTime(1);
    expect(hedges).toHaveLength(1);
    vi.advanceTimersByTime(100);
    expect(hedges).toHaveLength(2);
    expect((await outcome).status.code).toBe(status.OK);
  });

  test.each(['-1', 'abc'])(
    'a pushback of %s means no more hedges, and leaves the call to those that run',
    async (value) => {
      const { outcome, hedges } = await start([hang, withPushback(value)], {
        maxAttempts: 5,
        hedgingDelayMs: 100,
        nonFatalStatusCodes,
      });
      vi.advanceTimersByTime(100);
      await server.seen(2);
      await settled();
      vi.advanceTimersByTime(60_000);
      expect(hedges).toHaveLength(1);
      expect(server.attempts).toHaveLength(2);
      server.release(0);
      expect((await outcome).status.code).toBe(status.OK);
    },
  );

  test('ends with the failure when a pushback says no and nothing else runs', async () => {
    const { outcome, giveUps } = await start([withPushback('-1')], {
      maxAttempts: 5,
      hedgingDelayMs: 100,
      nonFatalStatusCodes,
    });
    expect((await outcome).status.code).toBe(status.UNAVAILABLE);
    expect(giveUps).toMatchObject([{ attempts: 1, reason: 'pushback' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a throttled channel sends no hedges, yet the first attempt always', async () => {
    const throttling = { maxTokens: 2, tokenRatio: 0.1 };
    const giveUps: GiveUpEvent[] = [];
    const hedging = hedgingClientInterceptor({
      maxAttempts: 4,
      nonFatalStatusCodes,
      throttling,
      hedgingDelayMs: 60_000,
      onGiveUp: (event) => giveUps.push(event),
    });
    const client = await server.client({ interceptors: [hedging] });
    server.script = [unavailable];
    await startCall(client, 'unary').outcome;
    expect(server.attempts).toHaveLength(1);
    const allAtOnce = hedgingClientInterceptor({ maxAttempts: 4, nonFatalStatusCodes, throttling });
    const other = await server.client({ interceptors: [allAtOnce] });
    server.attempts.length = 0;
    // The bucket is full for the first call, empty enough for the second.
    await startCall(other, 'unary').outcome;
    expect(server.attempts).toHaveLength(4);
    server.attempts.length = 0;
    await startCall(other, 'unary').outcome;
    expect(server.attempts).toHaveLength(1);
    expect(giveUps).toMatchObject([{ attempts: 1, reason: 'throttled' }]);
  });

  test('nothing is sent after the deadline', async () => {
    const { outcome, hedges } = await start(
      [hang],
      { maxAttempts: 3, hedgingDelayMs: 600, nonFatalStatusCodes: ['DEADLINE_EXCEEDED'] },
      { deadlineMs: 1000 },
    );
    await server.seen(1);
    vi.advanceTimersByTime(600);
    await server.seen(2);
    vi.advanceTimersByTime(400);
    expect((await outcome).status.code).toBe(status.DEADLINE_EXCEEDED);
    expect(hedges).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each(kinds)('cancellation ends every attempt: %s', async (kind) => {
    const { call, outcome, giveUps } = await start([hang], { maxAttempts: 2, hedgingDelayMs: 0 }, { kind });
    await server.seen(2);
    call.cancel();
    const { status: end, ends } = await outcome;
    expect(end).toMatchObject({ code: status.CANCELLED, details: 'Cancelled on client' });
    expect(ends).toBe(1);
    expect(giveUps).toMatchObject([{ attempts: 2, reason: 'cancelled' }]);
    await server.until(() => server.attempts.every(({ cancelled }) => cancelled));
  });
});

/** Lets what is on its way arrive. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};
