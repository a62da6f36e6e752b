import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { errorDetail } from '../core/status/details.js';
import { StatusError } from '../core/status/status-error.js';
import { pushback, retryRun, unavailable, withoutJitter, type Run } from './fixtures/retry-run.js';
import { ScriptedServer, type Answer } from './fixtures/scripted-server.js';

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

describe('what the server asks for', () => {
  test.each([
    ['0', 0],
    ['7', 7],
    ['60000', 60_000],
  ])('pushback %s is waited exactly', async (value, delay) => {
    const { status: end, retries } = await run([pushback(value), {}]);
    expect(end.code).toBe(status.OK);
    expect(retries).toMatchObject([{ delayMs: delay, delayFrom: 'pushback' }]);
  });

  test('backoff starts anew after a pushback', async () => {
    withoutJitter();
    const { delays } = await run([unavailable, unavailable, pushback('5'), unavailable, {}], { maxAttempts: 5 });
    expect(delays).toEqual([100, 200, 5, 100]);
  });

  test.each([
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

  test('a pushback past the deadline ends the call at once', async () => {
    const { giveUps } = await run([pushback('5000'), {}], {}, { deadlineMs: 1000 });
    expect(giveUps).toMatchObject([{ reason: 'deadline' }]);
  });

  test('a pushback never leads past maxAttempts, nor makes a code retryable', async () => {
    const { giveUps } = await run([pushback('1')], { maxAttempts: 2 });
    expect(giveUps).toMatchObject([{ attempts: 2, reason: 'maxAttempts' }]);
    const other = await run([{ ...pushback('1'), code: status.NOT_FOUND }, {}]);
    expect(other.giveUps).toMatchObject([{ reason: 'notRetryable' }]);
  });

  test('RetryInfo is honoured where there is no pushback', async () => {
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
