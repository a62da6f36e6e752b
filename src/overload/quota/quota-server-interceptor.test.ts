import { status } from '@grpc/grpc-js';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { afterEach, expect, test, vi } from 'vitest';
import { countedCalls, type CountedCalls } from '../../../test/support/counted-calls.js';
import { echoCall, kinds } from '../../../test/support/echo-call.js';
import { findDetail, StatusError } from '../../index.js';
import { limiterFrom, quotaCounter, quotaServerInterceptor, type QuotaOptions } from '../index.js';

let server: CountedCalls | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.close();
});

async function serve(options: Partial<QuotaOptions>): Promise<CountedCalls> {
  const whole = { limiter: quotaCounter({ limit: 2 }), window: 'year', key: () => 'k', ...options } as const;
  return (server = await countedCalls({ interceptors: [quotaServerInterceptor(whole)] }));
}

async function call(kind: (typeof kinds)[number] = 'unary') {
  const end = await echoCall(server!.rawClient, kind).seen;
  const trailer = (name: string): number => Number(end.metadata.get(`ratelimit-${name}`)[0]);
  return { end, code: end.code, limit: trailer('limit'), remaining: trailer('remaining'), reset: trailer('reset') };
}

test.each(kinds)('%s: says what is left, and refuses what is beyond the quota', async (kind) => {
  await serve({});
  expect(await call(kind)).toMatchObject({ code: status.OK, limit: 2, remaining: 1 });
  expect(await call(kind)).toMatchObject({ code: status.OK, limit: 2, remaining: 0 });
  const refused = await call(kind);
  expect(refused).toMatchObject({ code: status.RESOURCE_EXHAUSTED, limit: 2, remaining: 0 });
  const error = StatusError.from(Object.assign(new Error(), refused.end));
  expect(findDetail(error, 'quotaFailure')?.violations[0]?.description).toMatch(
    /^The quota of this year is used up; the next one begins at \d{4}-01-01T00:00:00\.\d{3}Z$/,
  );
  expect(findDetail(error, 'retryInfo')?.retryDelayMs).toBeGreaterThan(0);
  expect(refused.reset).toBeGreaterThan(0);
});

test('each key has its own quota, and a call costs what cost says', async () => {
  let key = 'a';
  await serve({ key: () => key, cost: () => 2 });
  expect(await call()).toMatchObject({ code: status.OK, remaining: 0 });
  expect(await call()).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  key = 'b';
  expect(await call()).toMatchObject({ code: status.OK, remaining: 0 });
});

test.each([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  ['returns nonsense', () => -1],
])('a cost that %s counts as 1', async (_, cost) => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  await serve({ cost });
  expect(await call()).toMatchObject({ code: status.OK, remaining: 1 });
});

test('a new window begins with the whole quota', async () => {
  await serve({ window: 'minute' });
  const now = vi.spyOn(Date, 'now');
  now.mockReturnValue(Date.parse('2030-01-01T10:00:59Z'));
  await call();
  await call();
  expect(await call()).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reset: 1 });
  now.mockReturnValue(Date.parse('2030-01-01T10:01:00Z'));
  expect(await call()).toMatchObject({ code: status.OK, remaining: 1, reset: 60 });
  now.mockReturnValue(Date.parse('2030-01-01T09:00:00Z'));
  expect(await call()).toMatchObject({ code: status.OK, remaining: 1, reset: 60 });
});

test.each([
  ['fails', () => Promise.reject(new Error('away'))],
  [
    'throws',
    () => {
      throw new Error('away');
    },
  ],
  ['answers nonsense', () => 'yes' as never],
  ['never answers', () => new Promise<never>(() => undefined)],
])('a limiter that %s admits the call', async (_, take) => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  await serve({ limiter: { take }, limiterTimeoutMs: 20 });
  expect(await call()).toMatchObject({ code: status.OK });
});

test('limiters of rate-limiter-flexible count as ours, here and for rates', async () => {
  const limiter = limiterFrom(new RateLimiterMemory({ points: 2, duration: 3600 }));
  await serve({ limiter });
  expect(await call()).toMatchObject({ code: status.OK, limit: 2, remaining: 1 });
  expect(await call()).toMatchObject({ code: status.OK, limit: 2, remaining: 0 });
  expect(await call()).toMatchObject({ code: status.RESOURCE_EXHAUSTED, limit: 2, remaining: 0 });
  expect(await limiter.take('other', 3)).toMatchObject({ retryAfterMs: expect.any(Number) as number });
  const broken = limiterFrom({ consume: () => Promise.reject(new Error('no connection')) });
  await expect(broken.take('k')).rejects.toThrow('no connection');
});
