import { afterEach, describe, expect, test, vi } from 'vitest';
import { approximateBytes } from './approximate-bytes.js';
import { exponentialBackoff, constantBackoff, linearBackoff, type BackoffContext } from './backoff.js';
import { hedgingClientInterceptor, retryClientInterceptor, withRetry } from './index.js';
import { ReplayBuffer } from './replay-buffer.js';

afterEach(() => vi.restoreAllMocks());

describe('impossible policies are refused at construction', () => {
  test.each<[Parameters<typeof retryClientInterceptor>[0], string]>([
    [{ maxAttempts: 1 }, 'maxAttempts must be an integer of at least 2, got 1'],
    [{ maxAttempts: 2.5 }, 'maxAttempts must be an integer of at least 2, got 2.5'],
    [{ maxAttempts: NaN }, 'maxAttempts must be an integer of at least 2, got NaN'],
    [{ initialBackoffMs: 0 }, 'initialBackoffMs must be a number above 0, at most 2147483647, got 0'],
    [{ initialBackoffMs: NaN }, 'initialBackoffMs must be a number above 0, at most 2147483647, got NaN'],
    [{ maxBackoffMs: -1 }, 'maxBackoffMs must be a number above 0, at most 2147483647, got -1'],
    [{ maxBackoffMs: Infinity }, 'maxBackoffMs must be a number above 0, at most 2147483647, got Infinity'],
    [{ backoffMultiplier: 0 }, 'backoffMultiplier must be a finite number above 0, got 0'],
    [
      { retryableStatusCodes: [] },
      'retryableStatusCodes must be a non-empty list of status codes or their names, got []',
    ],
    [
      { retryableStatusCodes: ['OK'] },
      "retryableStatusCodes must be a non-empty list of status codes or their names, OK excepted, got 'OK'",
    ],
    [{ retryableStatusCodes: ['GONE' as 'ABORTED'] }, "OK excepted, got 'GONE'"],
    [{ retryableStatusCodes: [99 as never] }, 'OK excepted, got 99'],
    [
      { retryableStatusCodes: 'UNAVAILABLE' as never },
      "a non-empty list of status codes or their names, got 'UNAVAILABLE'",
    ],
    [{ perAttemptTimeoutMs: 0 }, 'perAttemptTimeoutMs must be a number from 1 to 2147483647, got 0'],
    [{ maxServerDelayMs: NaN }, 'maxServerDelayMs must be a number from 0 to 2147483647, got NaN'],
    [{ maxBufferedBytes: NaN }, 'maxBufferedBytes must be a finite number of at least 0, got NaN'],
    [
      { throttling: { maxTokens: 0, tokenRatio: 1 } },
      'throttling.maxTokens must be a number from 0.001 to 1000, got 0',
    ],
    [
      { throttling: { maxTokens: 1001, tokenRatio: 1 } },
      'throttling.maxTokens must be a number from 0.001 to 1000, got 1001',
    ],
    [
      { throttling: { maxTokens: 10, tokenRatio: 0.0009 } },
      'throttling.tokenRatio must be a number from 0.001 to 1000, got 0.0009',
    ],
    [{ backoff: 100 as never }, 'backoff must be a function, got 100'],
    [{ shouldRetry: true as never }, 'shouldRetry must be a function, got true'],
    [{ onRetry: 'log' as never }, "onRetry must be a function, got 'log'"],
  ])('%o', (options, message) => {
    expect(() => retryClientInterceptor(options)).toThrow(message);
    expect(() => retryClientInterceptor(options)).toThrow(/^retryClientInterceptor: /);
  });

  test.each([
    [{ maxAttempts: 1 }, 'hedgingClientInterceptor: maxAttempts must be an integer of at least 2, got 1'],
    [{}, 'hedgingClientInterceptor: maxAttempts must be an integer of at least 2, got undefined'],
    [{ maxAttempts: 2, hedgingDelayMs: -1 }, 'hedgingDelayMs must be a number from 0 to 2147483647, got -1'],
    [
      { maxAttempts: 2, nonFatalStatusCodes: [0] },
      'nonFatalStatusCodes must be a list of status codes or their names, OK excepted, got 0',
    ],
  ])('hedging: %o', (options, message) => {
    expect(() => hedgingClientInterceptor(options as never)).toThrow(message);
  });

  test.each([
    [
      () => exponentialBackoff({ initialBackoffMs: 0 }),
      'exponentialBackoff: initialBackoffMs must be a number above 0',
    ],
    [() => exponentialBackoff({ jitter: 2 }), 'exponentialBackoff: jitter must be a number from 0 to 1, got 2'],
    [() => linearBackoff({ stepMs: NaN }), 'linearBackoff: stepMs must be a number above 0'],
    [() => constantBackoff({ delayMs: -5 }), 'constantBackoff: delayMs must be a number above 0'],
    [() => withRetry({ retryableStatusCodes: [] }), 'withRetry: retryableStatusCodes must be a non-empty list'],
    [() => withRetry(null as never), 'withRetry: options must be an object, got null'],
  ])('%s', (make, message) => {
    expect(make).toThrow(message);
  });

  test('more attempts than gRFC A6 allows count as five, and that is said', () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue();
    retryClientInterceptor({ maxAttempts: 9 });
    expect(warnings.mock.calls[0]?.[0]).toBe(
      'retryClientInterceptor: maxAttempts 9 counts as 5 (gRFC A6); raise maxAttemptsLimit for more',
    );
    retryClientInterceptor({ maxAttempts: 9, maxAttemptsLimit: 10 });
    expect(warnings).toHaveBeenCalledTimes(1);
  });
});

describe('backoff', () => {
  const delays = (backoff: (context: BackoffContext) => number): number[] =>
    [1, 2, 3, 4].map((retry) => backoff({ retry } as BackoffContext));

  test('exponential', () => {
    expect(delays(exponentialBackoff({ jitter: 0 }))).toEqual([100, 200, 400, 800]);
    expect(delays(exponentialBackoff({ jitter: 0, maxBackoffMs: 150, initialBackoffMs: 200 }))).toEqual([
      150, 150, 150, 150,
    ]);
    expect(exponentialBackoff({ random: () => 0 })({ retry: 1 } as BackoffContext)).toBeCloseTo(80);
    expect(exponentialBackoff()({ retry: 5000 } as BackoffContext)).toBeLessThanOrEqual(1200);
  });

  test('linear and constant', () => {
    expect(delays(linearBackoff({ stepMs: 100 }))).toEqual([100, 200, 300, 400]);
    expect(delays(linearBackoff({ stepMs: 100, maxBackoffMs: 250 }))).toEqual([100, 200, 250, 250]);
    expect(delays(constantBackoff({ delayMs: 30 }))).toEqual([30, 30, 30, 30]);
    expect(delays(constantBackoff({ delayMs: 100, jitter: 0.5, random: () => 0 }))).toEqual([50, 50, 50, 50]);
  });
});

describe('the replay buffer', () => {
  test('forgets what no attempt needs, and lets each writer go on once', () => {
    const buffer = new ReplayBuffer();
    const written: number[] = [];
    for (const message of [0, 1, 2]) buffer.push(message, { callback: () => written.push(message) });
    buffer.accepted(0);
    buffer.accepted(0);
    buffer.release(2);
    buffer.release(1);
    expect([buffer.at(0), buffer.at(1), buffer.at(2)?.message, buffer.end]).toEqual([undefined, undefined, 2, 3]);
    buffer.accepted(1);
    buffer.settle();
    buffer.settle();
    expect(written).toEqual([0, 2]);
    expect(buffer.end).toBe(3);
  });

  test('knows about what messages hold', () => {
    expect(approximateBytes('x'.repeat(1000), Infinity)).toBe(1008);
    expect(approximateBytes({ a: Buffer.alloc(500), b: [1, 2, 3], c: null }, Infinity)).toBe(8 + 508 + 32 + 8);
    expect(approximateBytes(new Map([['key', new Set(['value'])]]), Infinity)).toBe(8 + 11 + 8 + 13);
    const endless: { self?: unknown } = {};
    endless.self = endless;
    expect(approximateBytes(endless, 1000)).toBeLessThan(1100);
    const twice = { self: [] as unknown[] };
    twice.self.push(twice, twice);
    expect(approximateBytes(twice, 1000)).toBeGreaterThan(1000);
  });
});
