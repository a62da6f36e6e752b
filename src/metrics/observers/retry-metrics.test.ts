import { status, type Interceptor } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countedCalls, type CountedCalls } from '../../../test/support/counted-calls.js';
import { echoCall, kinds } from '../../../test/support/echo-call.js';
import { linesOf, sumOf, valueOf } from '../../../test/support/exposition.js';
import { hedgingClientInterceptor, retryClientInterceptor } from '../../retry/index.js';
import { retryMetrics, type RetryMetrics } from '../index.js';
import { scriptedCodes } from './fixtures/scripted-codes.js';

const { UNAVAILABLE, ABORTED, NOT_FOUND } = status;
let register: Registry;
let running: CountedCalls;

beforeEach(() => (register = new Registry()));
afterEach(() => running?.close());

const retry = (observer: RetryMetrics): Interceptor =>
  retryClientInterceptor({
    maxAttempts: 3,
    initialBackoffMs: 1,
    retryableStatusCodes: ['UNAVAILABLE', 'ABORTED'],
    observer,
  });

async function serve(client: Interceptor, codes: number[]): Promise<void> {
  running = await countedCalls({ clientInterceptors: [client], interceptors: [scriptedCodes(codes)] });
}

describe.each(kinds)('%s', (kind) => {
  const labels = { grpc_type: kind, grpc_service: 'grpc_js_middleware.testing.v1.EchoService' };

  test('retries are counted by the code that they failed with, and how long they waited', async () => {
    await serve(retry(retryMetrics({ register })), [UNAVAILABLE, ABORTED]);
    expect((await echoCall(running.rawClient, kind).seen).code).toBe(status.OK);
    const text = await register.metrics();
    expect(valueOf(text, 'grpc_client_retries_total', { ...labels, grpc_code: 'Unavailable', reason: 'status' })).toBe(
      1,
    );
    expect(valueOf(text, 'grpc_client_retries_total', { ...labels, grpc_code: 'Aborted', reason: 'status' })).toBe(1);
    expect(valueOf(text, 'grpc_client_retry_delay_seconds_count', labels)).toBe(1);
    expect(valueOf(text, 'grpc_client_retry_delay_seconds_sum', labels)).toBeGreaterThan(0);
    expect(linesOf(text, 'grpc_client_retries_given_up_total')).toEqual([]);
  });

  test('calls that are given up are counted by the reason', async () => {
    await serve(retry(retryMetrics({ register })), [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, NOT_FOUND]);
    await echoCall(running.rawClient, kind).seen;
    await echoCall(running.rawClient, kind).seen;
    const text = await register.metrics();
    const givenUp = (reason: string, grpc_code: string): number =>
      valueOf(text, 'grpc_client_retries_given_up_total', { ...labels, reason, grpc_code });
    expect(givenUp('maxAttempts', 'Unavailable')).toBe(1);
    expect(givenUp('notRetryable', 'NotFound')).toBe(1);
    expect(sumOf(text, 'grpc_client_retries_total')).toBe(2);
  });

  test('hedges are counted', async () => {
    const observer = retryMetrics({ register });
    const hedging = hedgingClientInterceptor({
      maxAttempts: 2,
      hedgingDelayMs: 60_000,
      nonFatalStatusCodes: ['UNAVAILABLE'],
      observer,
    });
    await serve(hedging, [UNAVAILABLE]);
    expect((await echoCall(running.rawClient, kind).seen).code).toBe(status.OK);
    const text = await register.metrics();
    expect(valueOf(text, 'grpc_client_hedges_total', { ...labels, reason: 'failure' })).toBe(1);
    expect(sumOf(text, 'grpc_client_retries_total')).toBe(0);
    expect(linesOf(text, 'grpc_client_retry_delay_seconds_count')).toEqual([]);
  });
});

test('a call that succeeds at once makes no series', async () => {
  await serve(retry(retryMetrics({ register })), []);
  await running.call('unary');
  expect((await register.metrics()).split('\n').filter((line) => !line.startsWith('#') && line !== '')).toEqual([]);
});

test('an attempt that had its time is told apart from a status', async () => {
  const first: Interceptor = retryClientInterceptor({
    maxAttempts: 2,
    initialBackoffMs: 1,
    retryableStatusCodes: ['ABORTED'],
    perAttemptTimeoutMs: 20,
    observer: retryMetrics({ register }),
  });
  await serve(first, []);
  await running.call('unary', [{ delayMs: 60_000 }]);
  expect(valueOf(await register.metrics(), 'grpc_client_retries_total', { reason: 'attemptTimeout' })).toBe(1);
});

test('observers made for one registry count together, and a reset begins anew', async () => {
  expect(retryMetrics({ register })).toBe(retryMetrics({ register }));
  await serve(retry(retryMetrics({ register })), [UNAVAILABLE]);
  await running.call('unary');
  register.resetMetrics();
  const text = await register.metrics();
  expect(linesOf(text, 'grpc_client_retries_total')).toHaveLength(1);
  expect(sumOf(text, 'grpc_client_retries_total')).toBe(0);
  expect(sumOf(text, 'grpc_client_retry_delay_seconds_count')).toBe(0);
});

test.each([
  [{}, 'undefined'],
  [{ register: {} }, '{}'],
  [{ register: null }, 'null'],
])('wrong options: %o', (options, got) => {
  const message = `retryMetrics: register must be a prom-client Registry, got ${got}`;
  expect(() => retryMetrics(options as never)).toThrow(new TypeError(message));
});
