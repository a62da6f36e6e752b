import { status, type InterceptingCall, type Interceptor, type Metadata } from '@grpc/grpc-js';
import { expect, vi } from 'vitest';
import { retryClientInterceptor, type GiveUpEvent, type RetryEvent, type RetryOptions } from './index.js';
import { startCall, type Answer, type Kind, type Outcome, type ScriptedServer } from './scripted-server.js';

// For tests of retry.

/** A call through a retry, with the clock in the test's hand: each wait is passed exactly. */
export async function retryRun(
  server: ScriptedServer,
  script: readonly Answer[],
  options: RetryOptions = {},
  more: RunOptions = {},
): Promise<Run> {
  server.script = script;
  server.attempts.length = 0;
  const retries: RetryEvent[] = [];
  const giveUps: GiveUpEvent[] = [];
  const premature: number[] = [];
  let attempts = 0;
  const count: Interceptor = (callOptions, nextCall) => {
    attempts++;
    return nextCall(callOptions) as InterceptingCall;
  };
  const retry = retryClientInterceptor({
    ...options,
    onRetry: (event) => {
      retries.push(event);
      // The attempt must not come a millisecond early, and must come then. Timers count whole milliseconds.
      setImmediate(() => {
        if (event.delayMs > 1) vi.advanceTimersByTime(Math.floor(event.delayMs) - 1);
        if (attempts !== event.attempt && event.delayMs > 1) premature.push(event.attempt);
        vi.advanceTimersByTime(1);
        if (attempts === event.attempt) premature.push(-event.attempt);
      });
    },
    onGiveUp: (event) => giveUps.push(event),
  });
  const client = await server.client({ interceptors: [retry, count], 'grpc.enable_retries': 0 });
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

export interface RunOptions {
  readonly kind?: Kind;
  readonly deadlineMs?: number;
  readonly metadata?: Metadata;
  /** Lets the time of this many attempts pass, each when the server has seen all of it. */
  readonly passAttempts?: number;
  /** Lets the time of the whole call pass. */
  readonly passCall?: boolean;
}
export interface Run extends Outcome {
  readonly retries: RetryEvent[];
  readonly giveUps: GiveUpEvent[];
  readonly delays: number[];
}

export const unavailable: Answer = { code: status.UNAVAILABLE };
export const pushback = (...values: string[]): Answer => ({
  code: status.UNAVAILABLE,
  trailers: { 'grpc-retry-pushback-ms': values },
});

/** Random in the middle: no jitter. */
export const withoutJitter = (): void => void vi.spyOn(Math, 'random').mockReturnValue(0.5);
