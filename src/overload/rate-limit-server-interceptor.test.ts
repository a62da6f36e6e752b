import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findDetail } from '../core/status/find-detail.js';
import { startTestServer, type TestServer } from '../testing/index.js';
import { call, failureOf, kinds } from './fixtures/calls.js';
import type { OverloadDecision } from './observer.js';
import { rateLimitServerInterceptor, type RateLimitOptions } from './rate-limit-server-interceptor.js';

let server: TestServer | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.close();
  server = undefined;
});

async function limited(options: Partial<RateLimitOptions>): Promise<TestServer> {
  const rate = options.limiter === undefined ? { ratePerSecond: 0.01, burst: 1 } : {};
  return (server = await startTestServer({ interceptors: [rateLimitServerInterceptor({ ...rate, ...options })] }));
}

function warnings(): string[] {
  const texts: string[] = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((text) => void texts.push(String(text)));
  return texts;
}

describe.each(kinds)('%s', (kind) => {
  test('what is over the rate is refused before the handler, and told exactly when to come back', async () => {
    const { client, events } = await limited({});
    await call(client, kind, { text: 'a' });
    const error = await failureOf(call(client, kind, { text: 'a' }));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toMatch(
      /^\/\S+Echo is rejected by grpc_ratelimit middleware, please retry later\. Rate limit exceeded, retry in \d+ ms$/,
    );
    const delayMs = findDetail(error, 'retryInfo')!.retryDelayMs;
    expect(delayMs).toBeGreaterThan(90_000);
    expect(delayMs).toBeLessThanOrEqual(100_000);
    expect(error.metadata.get('grpc-retry-pushback-ms')).toEqual([String(delayMs)]);
    const end = await events.until({ side: 'server', hook: 'onEnd' }, { nth: 2 });
    expect(end).toMatchObject({ code: 'RESOURCE_EXHAUSTED', origin: 'interceptor', received: 0 });
  });

  test('a dry run reports and refuses nothing', async () => {
    const decisions: OverloadDecision[] = [];
    const { client } = await limited({ dryRun: true, onDecision: (event) => void decisions.push(event) });
    await call(client, kind);
    await call(client, kind);
    expect(decisions.map(({ decision }) => decision)).toEqual(['admitted', 'would_refuse']);
    expect(decisions[1]!.retryDelayMs).toBeGreaterThan(90_000);
  });

  test('a limiter may answer later', async () => {
    const answers = [Promise.resolve(0), Promise.resolve(1234)];
    const { client } = await limited({ limiter: { take: () => answers.shift()! } });
    await call(client, kind);
    const error = await failureOf(call(client, kind));
    expect(error.metadata.get('grpc-retry-pushback-ms')).toEqual(['1234']);
  });
});

test('each key has its own bucket, and the key is not told to anybody', async () => {
  const { client } = await limited({ key: ({ metadata }) => String(metadata.get('api-key')[0]) });
  const as = (key: string) => {
    const metadata = new Metadata();
    metadata.set('api-key', key);
    return call(client, 'unary', {}, { metadata });
  };
  await as('secret-1');
  await as('secret-2');
  const error = await failureOf(as('secret-1'));
  expect(JSON.stringify([error.message, error.errorDetails, error.metadata.toJSON()])).not.toContain('secret');
});

test('decisions and their method are reported to onDecision and to the observer alike', async () => {
  const [one, two]: OverloadDecision[][] = [[], []];
  const observer = {
    seen: two!,
    onDecision(event: OverloadDecision) {
      this.seen.push(event);
    },
  };
  const { client } = await limited({ onDecision: (event) => void one!.push(event), observer });
  await call(client, 'unary');
  await failureOf(call(client, 'unary'));
  expect(two).toEqual(one);
  expect(one).toMatchObject([
    { kind: 'rate_limit', decision: 'admitted', retryDelayMs: 0, method: { name: 'Echo' } },
    { kind: 'rate_limit', decision: 'refused', method: { name: 'Echo' } },
  ]);
});

test('listeners that throw or reject affect no call', async () => {
  const texts = warnings();
  const observer = { onDecision: () => Promise.reject(new Error('store is down')) as never };
  const { client } = await limited({
    onDecision: () => {
      throw new Error('broken');
    },
    observer,
  });
  await call(client, 'unary');
  expect((await failureOf(call(client, 'unary'))).code).toBe(status.RESOURCE_EXHAUSTED);
  expect(texts).toEqual([expect.stringContaining("onDecision of interceptor 'rate-limit' failed")]);
});

describe('bad input', () => {
  test.each<[string, () => unknown]>([
    ['throws', () => expect.fail('broken')],
    ['answers undefined', () => undefined],
    ['answers an object', () => ({})],
  ])('calls share one bucket when the key function %s', async (_what, key) => {
    warnings();
    const { client } = await limited({ key: key as () => string });
    await call(client, 'unary');
    expect((await failureOf(call(client, 'unary'))).code).toBe(status.RESOURCE_EXHAUSTED);
  });

  test('a megabyte of key is kept as a hash, and still is the same key', async () => {
    const seen: string[] = [];
    let last = 'x';
    const { client } = await limited({
      key: () => 'k'.repeat(1_000_000) + last,
      limiter: { take: (key) => (seen.push(key), 0) },
    });
    await call(client, 'unary');
    await call(client, 'unary');
    last = 'y';
    await call(client, 'unary');
    expect(seen[0]!.length).toBeLessThan(60);
    expect(seen[1]).toBe(seen[0]);
    expect(seen[2]).not.toBe(seen[0]);
  });

  test.each([
    ['throws', () => expect.fail('no connection')],
    ['rejects', () => Promise.reject(new Error('no connection'))],
    ['answers NaN', () => Number.NaN],
    ['answers a negative number', () => -1],
    ['answers nothing', () => undefined as never],
    ['answers nothing, later', () => Promise.resolve(undefined as never)],
    ['stalls', () => new Promise<number>(() => undefined)],
  ])('a limiter that %s lets calls through', async (_what, take) => {
    warnings();
    const decisions: OverloadDecision[] = [];
    const { client } = await limited({
      limiter: { take },
      limiterTimeoutMs: 5,
      onDecision: (event) => void decisions.push(event),
    });
    await call(client, 'unary');
    expect(decisions.map(({ decision }) => decision)).toEqual(['admitted']);
  });

  test('a call that is cancelled while its limiter thinks ends once, and nothing is left behind', async () => {
    let answer!: (delayMs: number) => void;
    let asked!: () => void;
    const asking = new Promise<void>((resolve) => (asked = resolve));
    const take = () => (asked(), new Promise<number>((resolve) => (answer = resolve)));
    const { client, events } = await limited({ limiter: { take }, limiterTimeoutMs: 10_000 });
    const abort = new AbortController();
    const failure = failureOf(call(client, 'unary', {}, { signal: abort.signal }));
    await asking;
    abort.abort();
    expect((await failure).code).toBe(status.CANCELLED);
    await events.until({ side: 'server', hook: 'onEnd' });
    answer(500);
    await new Promise((resolve) => setImmediate(resolve));
    expect(events.lines({ side: 'server', hook: 'onEnd' })).toEqual(['server Echo onEnd CANCELLED']);
  });

  test.each([
    [{ ratePerSecond: Number.NaN, burst: 1 }, 'ratePerSecond must be a finite number above 0, got NaN'],
    [{ burst: 1 }, 'ratePerSecond must be a finite number above 0, got undefined'],
    [{ ratePerSecond: 1 }, 'burst must be'],
    [{ ratePerSecond: 1, burst: 0.5 }, 'burst must be'],
    [{ limiter: {} }, 'limiter must be an object with the function take(key)'],
    [{ limiter: null }, 'limiter must be'],
    [{ limiter: { take: () => 0 }, burst: 2 }, 'burst must be left out where a limiter is given'],
    [{ ratePerSecond: 1, burst: 1, limiterTimeoutMs: 0 }, 'limiterTimeoutMs must be'],
    [{ ratePerSecond: 1, burst: 1, key: 'peer' }, 'key must be a function'],
    [{ ratePerSecond: 1, burst: 1, dryRun: 'yes' }, 'dryRun must be true or false'],
    [{ ratePerSecond: 1, burst: 1, onDecision: 1 }, 'onDecision must be a function'],
    [{ ratePerSecond: 1, burst: 1, observer: 'me' }, 'observer must be an object'],
  ])('%o is refused at construction', (options, text) => {
    expect(() => rateLimitServerInterceptor(options as never)).toThrow(`rateLimitServerInterceptor: ${text}`);
  });
});

test.each([
  ['0', { retryAfterMs: 0, remaining: 4, resetMs: 10 }, undefined],
  ['a wait', { retryAfterMs: 20 }, '20'],
  ['a wait, later', Promise.resolve({ retryAfterMs: 20, remaining: 0 }), '20'],
])('a limiter may answer with an object that says more than the wait: %s', async (_, answer, pushback) => {
  const { client } = await limited({ limiter: { take: () => answer } });
  if (pushback === undefined) await call(client, 'unary');
  else {
    const { metadata } = await failureOf(call(client, 'unary'));
    expect(metadata.get('grpc-retry-pushback-ms')).toEqual([pushback]);
  }
});
