import { status } from '@grpc/grpc-js';
import {
  circuitBreakerClientInterceptor,
  concurrencyLimitServerInterceptor,
  rateLimitServerInterceptor,
  type OverloadDecision,
} from 'grpc-js-middleware/overload';
import { retryClientInterceptor, type RetryEvent } from 'grpc-js-middleware/retry';
import { EchoRequest, startTestServer, type TestServer } from 'grpc-js-middleware/testing';
import { afterEach, expect, test, vi } from 'vitest';

// The closed loop: a server says when to come back, and clients listen.

const request = EchoRequest.fromPartial({ text: 'a' });
const policy = {
  maxAttempts: 3,
  initialBackoffMs: 60_000,
  maxBackoffMs: 60_000,
  backoffMultiplier: 1,
  retryableStatusCodes: [status.UNAVAILABLE, status.RESOURCE_EXHAUSTED],
};

let server: TestServer | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await server?.close();
  server = undefined;
});

test('a retry waits exactly as long as a rate limit says, and is admitted then', async () => {
  const retries: RetryEvent[] = [];
  server = await startTestServer({
    interceptors: [rateLimitServerInterceptor({ ratePerSecond: 20, burst: 1 })],
    clientInterceptors: [retryClientInterceptor({ ...policy, onRetry: (event) => void retries.push(event) })],
  });
  for (let i = 0; i < 4; i++) await server.client.echo(request);
  // Each call after the first had to wait once, and once only.
  expect(retries.length).toBeLessThanOrEqual(3);
  for (const { delayFrom, delayMs, attempt } of retries) {
    expect([delayFrom, attempt]).toEqual(['pushback', 1]);
    expect(delayMs).toBeGreaterThan(0);
    expect(delayMs).toBeLessThanOrEqual(50);
  }
  const refused = server.events.list({ side: 'server', hook: 'onEnd', code: 'RESOURCE_EXHAUSTED' });
  expect(refused.length).toBe(retries.length);
});

test('a retry outside a breaker waits until the breaker lets a probe through', async () => {
  // The clock of the breaker: it goes on when a retry begins to wait.
  vi.useFakeTimers({ toFake: ['performance'] });
  const retries: RetryEvent[] = [];
  const decisions: OverloadDecision[] = [];
  let fail = true;
  server = await startTestServer({
    interceptors: [],
    handlers: {
      echo: () => {
        if (fail) throw Object.assign(new Error('down'), { code: status.UNAVAILABLE, details: 'down' });
        return { text: 'b', count: 1, payload: Buffer.alloc(0) };
      },
    },
    clientInterceptors: [
      retryClientInterceptor({
        ...policy,
        onRetry(event) {
          retries.push(event);
          vi.advanceTimersByTime(event.delayMs);
        },
      }),
      circuitBreakerClientInterceptor({
        minimumCalls: 1,
        openMs: 40,
        onDecision: (event) => void decisions.push(event),
      }),
    ],
  });
  const once = server.connect({ interceptors: [] });
  await expect(once.echo(request)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  fail = false;
  await server.client.echo(request);
  expect(retries).toEqual([]);
  fail = true;
  const failing = server.client.echo(request, { timeoutMs: 40_000 });
  await expect(failing).rejects.toMatchObject({ code: status.UNAVAILABLE });
  // The breaker is open: the next call is refused at once, waits as long as it is told, and succeeds as the probe.
  fail = false;
  expect((await server.client.echo(request)).text).toBe('b');
  const last = retries.at(-1)!;
  expect(last.delayFrom).toBe('pushback');
  expect(last.delayMs).toBe(40);
  expect(decisions.slice(-2).map(({ decision }) => decision)).toEqual(['refused', 'admitted']);
});

test('a full server is tried again when it says so', async () => {
  const retries: RetryEvent[] = [];
  let release!: () => void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  let served = 0;
  server = await startTestServer({
    interceptors: [concurrencyLimitServerInterceptor({ max: 1 })],
    handlers: {
      async echo() {
        if (served++ === 0) await gate;
        return { text: '', count: 1, payload: Buffer.alloc(0) };
      },
    },
    clientInterceptors: [
      retryClientInterceptor({
        ...policy,
        onRetry: (event) => {
          retries.push(event);
          release();
        },
      }),
    ],
  });
  await Promise.all([server.client.echo(request), server.client.echo(request)]);
  expect(retries).toMatchObject([{ delayFrom: 'pushback', delayMs: 100 }]);
});
