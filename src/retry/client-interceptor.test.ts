import { Metadata, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorDetail } from '../core/details.js';
import { StatusError } from '../core/status-error.js';
import { retryClientInterceptor, type GiveUpEvent, type RetryEvent, type RetryOptions } from './index.js';
import {
  kinds,
  ScriptedServer,
  startCall,
  type Answer,
  type Kind,
  type Outcome,
  type ScriptedClient,
} from './scripted-server.js';

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

/** A call through a retry, with the clock in the test's hand: each wait is passed exactly. */
async function run(script: readonly Answer[], options: RetryOptions = {}, more: RunOptions = {}): Promise<Run> {
  server.script = script;
  server.attempts.length = 0;
  const retries: RetryEvent[] = [];
  const giveUps: GiveUpEvent[] = [];
  const premature: number[] = [];
  const retry = retryClientInterceptor({
    ...options,
    onRetry: (event) => {
      retries.push(event);
      // The attempt must not come a millisecond early, and must come then.
      setImmediate(() => {
        const before = server.attempts.length;
        vi.advanceTimersByTime(Math.max(0, Math.ceil(event.delayMs) - 1));
        setImmediate(() => {
          if (server.attempts.length > before) premature.push(event.attempt);
          vi.advanceTimersByTime(1);
        });
      });
    },
    onGiveUp: (event) => giveUps.push(event),
  });
  const client = await server.client({ interceptors: [retry], 'grpc.enable_retries': 0 });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  const deadline = more.deadlineMs === undefined ? undefined : Date.now() + more.deadlineMs;
  const { outcome } = startCall(client, more.kind ?? 'unary', { options: { deadline }, metadata: more.metadata });
  for (let passed = 0; passed < (more.passAttempts ?? 0); passed++) {
    await server.until(() => server.attempts.length > passed && server.attempts[passed]!.finished);
    vi.advanceTimersByTime(options.perAttemptTimeoutMs!);
  }
  if (more.passCall) {
    await server.seen(1);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    vi.advanceTimersByTime(more.deadlineMs!);
  }
  const result = await outcome;
  expect(premature).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
  return { ...result, retries, giveUps, delays: retries.map(({ delayMs }) => delayMs) };
}

interface RunOptions {
  readonly kind?: Kind;
  readonly deadlineMs?: number;
  readonly metadata?: Metadata;
  /** Lets the time of this many attempts pass, each when the server has seen all of it. */
  readonly passAttempts?: number;
  /** Lets the time of the whole call pass. */
  readonly passCall?: boolean;
}
interface Run extends Outcome {
  readonly retries: RetryEvent[];
  readonly giveUps: GiveUpEvent[];
  readonly delays: number[];
}

const unavailable: Answer = { code: status.UNAVAILABLE };
const pushback = (...values: string[]): Answer => ({
  code: status.UNAVAILABLE,
  trailers: { 'grpc-retry-pushback-ms': values },
});

/** Random in the middle: no jitter. */
const withoutJitter = (): void => void vi.spyOn(Math, 'random').mockReturnValue(0.5);

describe('gRFC A6, rule by rule', () => {
  it.each(kinds)('tries again until it succeeds: %s', async (kind) => {
    const { status: end, messages, ends, retries } = await run([unavailable, unavailable, {}], {}, { kind });
    expect(end.code).toBe(status.OK);
    expect(messages).toEqual([{ attempt: 3 }]);
    expect(ends).toBe(kind === 'unary' || kind === 'clientStream' ? 1 : 0);
    expect(retries.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(server.attempts.map(({ requests }) => requests)).toEqual([['hello'], ['hello'], ['hello']]);
  });

  it.each(kinds)('maxAttempts counts the first attempt, and the last failure is the result: %s', async (kind) => {
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

  it('only retryableStatusCodes are tried again', async () => {
    const { status: end, giveUps } = await run([{ code: status.ABORTED }, {}], {
      retryableStatusCodes: ['unavailable', status.INTERNAL],
    });
    expect(end.code).toBe(status.ABORTED);
    expect(server.attempts).toHaveLength(1);
    expect(giveUps).toMatchObject([{ attempts: 1, reason: 'notRetryable' }]);
  });

  it('delays grow by the multiplier up to the maximum', async () => {
    withoutJitter();
    const options = { maxAttempts: 5, initialBackoffMs: 100, backoffMultiplier: 3, maxBackoffMs: 500 };
    expect((await run([unavailable], options)).delays).toEqual([100, 300, 500, 500]);
  });

  it.each([
    [0, 80],
    [0.5, 100],
    [0.9999999, 120],
  ])('jitter is 20 %% either way: random %f', async (random, delay) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    expect((await run([unavailable, {}])).delays[0]).toBeCloseTo(delay, 3);
  });

  it.each(kinds)('gives up at once when the next attempt would start after the deadline: %s', async (kind) => {
    withoutJitter();
    const options = { initialBackoffMs: 100, maxBackoffMs: 1000, backoffMultiplier: 2 };
    // 100 ms, then 200 ms more: past 250.
    const { status: end, giveUps } = await run([unavailable], options, { deadlineMs: 250, kind });
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(server.attempts).toHaveLength(2);
    expect(giveUps).toMatchObject([{ attempts: 2, reason: 'deadline' }]);
  });

  it('the deadline covers all attempts: each is sent what is left', async () => {
    withoutJitter();
    await run([unavailable, {}], { initialBackoffMs: 400 }, { deadlineMs: 1000 });
    const [first, second] = server.attempts;
    expect(second!.deadline).toBe(first!.deadline);
    expect(first!.deadline).not.toBe(Infinity);
  });

  it.each(kinds)('headers commit the call: %s', async (kind) => {
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

  it.each(['serverStream', 'bidi'] as const)('a stream is never delivered twice: %s', async (kind) => {
    const { status: end, messages } = await run(
      [{ ...unavailable, messages: [1, 2, 3] }, { messages: [1, 2, 3] }],
      {},
      { kind },
    );
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(messages).toEqual([1, 2, 3]);
    expect(server.attempts).toHaveLength(1);
  });

  it('attempts say how many came before', async () => {
    const metadata = new Metadata();
    metadata.set('caller', 'me');
    await run([unavailable, unavailable, {}], {}, { metadata });
    expect(server.attempts.map((each) => each.metadata.get('grpc-previous-rpc-attempts'))).toEqual([[], ['1'], ['2']]);
    expect(server.attempts.map((each) => each.metadata.get('caller'))).toEqual([['me'], ['me'], ['me']]);
    expect(metadata.get('grpc-previous-rpc-attempts')).toEqual([]);
  });
});

describe('what the server asks for', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['60000', 60_000],
  ])('pushback %s is waited exactly', async (value, delay) => {
    const { status: end, retries } = await run([pushback(value), {}]);
    expect(end.code).toBe(status.OK);
    expect(retries).toMatchObject([{ delayMs: delay, delayFrom: 'pushback' }]);
  });

  it('backoff starts anew after a pushback', async () => {
    withoutJitter();
    const { delays } = await run([unavailable, unavailable, pushback('5'), unavailable, {}], { maxAttempts: 5 });
    expect(delays).toEqual([100, 200, 5, 100]);
  });

  it.each([
    ['a negative one', ['-1'], 'pushback'],
    ['the most negative one', ['-2147483648'], 'pushback'],
    ['words', ['abc'], 'malformedPushback'],
    ['leading zeros', ['007'], 'malformedPushback'],
    ['a fraction', ['1.5'], 'malformedPushback'],
    ['a sign', ['+5'], 'malformedPushback'],
    ['an exponent', ['1e3'], 'malformedPushback'],
    ['two values', ['5', '6'], 'malformedPushback'],
    ['two values in one', ['5,6'], 'malformedPushback'],
    ['a year', ['31536000000'], 'malformedPushback'],
    ['more than int32', ['2147483648'], 'malformedPushback'],
    ['the longest that int32 can say', ['2147483647'], 'serverDelay'],
  ])('no retry after a pushback of %s', async (_, values, reason) => {
    const { status: end, giveUps } = await run([pushback(...values), {}]);
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(giveUps).toMatchObject([{ attempts: 1, reason }]);
  });

  it('a pushback past the deadline ends the call at once', async () => {
    const { giveUps } = await run([pushback('5000'), {}], {}, { deadlineMs: 1000 });
    expect(giveUps).toMatchObject([{ reason: 'deadline' }]);
  });

  it('a pushback never leads past maxAttempts, nor makes a code retryable', async () => {
    const { giveUps } = await run([pushback('1')], { maxAttempts: 2 });
    expect(giveUps).toMatchObject([{ attempts: 2, reason: 'maxAttempts' }]);
    const other = await run([{ ...pushback('1'), code: status.NOT_FOUND }, {}]);
    expect(other.giveUps).toMatchObject([{ reason: 'notRetryable' }]);
  });

  it('RetryInfo is honoured where there is no pushback', async () => {
    const trailers = (retryDelayMs: number): Answer['trailers'] => ({
      'grpc-status-details-bin': new StatusError(status.UNAVAILABLE, '', {
        errorDetails: [errorDetail.retryInfo({ retryDelayMs })],
      }).metadata.get('grpc-status-details-bin')[0] as Buffer,
    });
    const { retries } = await run([{ ...unavailable, trailers: trailers(1234) }, {}]);
    expect(retries).toMatchObject([{ delayMs: 1234, delayFrom: 'retryInfo' }]);
    const both = await run([{ ...unavailable, trailers: { ...trailers(1234), 'grpc-retry-pushback-ms': '9' } }, {}]);
    expect(both.retries).toMatchObject([{ delayMs: 9, delayFrom: 'pushback' }]);
    const year = await run([{ ...unavailable, trailers: trailers(365 * 86_400_000) }, {}]);
    expect(year.giveUps).toMatchObject([{ reason: 'serverDelay' }]);
  });
});

describe('throttling', () => {
  it('stops retries at half of the tokens, and successes refill it', async () => {
    const throttling = { maxTokens: 4, tokenRatio: 0.5 };
    const giveUps: GiveUpEvent[] = [];
    const retry = retryClientInterceptor({
      throttling,
      maxAttempts: 2,
      backoff: () => 0,
      onGiveUp: (event) => giveUps.push(event),
    });
    const client = await server.client({ interceptors: [retry] });
    const tries = async (...script: Answer[]): Promise<number> => {
      server.attempts.length = 0;
      server.script = script;
      await startCall(client, 'unary').outcome;
      return server.attempts.length;
    };
    // Tokens 4: a failure leaves 3, which is more than 2, so there is a retry; its failure leaves 2.
    expect(await tries(unavailable)).toBe(2);
    // 1 left: throttled.
    expect(await tries(unavailable)).toBe(1);
    expect(giveUps.map(({ reason }) => reason)).toEqual(['throttled', 'throttled']);
    // Codes that are not retryable take nothing; four successes bring 2 back: 3.
    expect(await tries({ code: status.NOT_FOUND })).toBe(1);
    for (let i = 0; i < 4; i++) await tries({});
    // 2: not more than half.
    expect(await tries(unavailable)).toBe(1);
    for (let i = 0; i < 3; i++) await tries({});
    // 3.5, then 2.5: allowed again.
    expect(await tries(unavailable, {})).toBe(2);
  });

  it('is shared by the calls of a channel, and by no other', async () => {
    const retry = retryClientInterceptor({
      throttling: { maxTokens: 3, tokenRatio: 0.1 },
      maxAttempts: 2,
      backoff: () => 0,
    });
    const options = { interceptors: [retry], 'grpc.use_local_subchannel_pool': 1 };
    const [one, other] = [await server.client(options), await server.client(options)];
    server.script = [unavailable];
    const attempts = async (client: ScriptedClient, kind: Kind): Promise<number> => {
      server.attempts.length = 0;
      await startCall(client, kind).outcome;
      return server.attempts.length;
    };
    expect(await attempts(one, 'unary')).toBe(2);
    expect(await attempts(one, 'serverStream')).toBe(1);
    expect(await attempts(other, 'unary')).toBe(2);
  });
});

describe('one attempt has its time', () => {
  it.each(kinds)('an attempt without an answer is ended and made again: %s', async (kind) => {
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

  it('leaves no timer behind when the answer comes in time', async () => {
    const { status: end } = await run([unavailable, {}], { perAttemptTimeoutMs: 5_000 });
    expect(end.code).toBe(status.OK);
  });

  it('the last one ends the call', async () => {
    const { status: end, giveUps } = await run(
      [{ hang: true }],
      { perAttemptTimeoutMs: 50, maxAttempts: 2 },
      { passAttempts: 2 },
    );
    expect(end).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'Attempt 2 had no answer within 50 ms' });
    expect(giveUps).toMatchObject([{ attempts: 2, reason: 'maxAttempts' }]);
  });

  it('a stream that has begun has all the time that the call has', async () => {
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
  it.each(kinds)('ends an attempt, and none follows: %s', async (kind) => {
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

  it.each(kinds)('ends the wait between attempts: %s', async (kind) => {
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
