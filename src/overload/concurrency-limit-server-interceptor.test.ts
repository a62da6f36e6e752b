import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findDetail } from '../core/status/find-detail.js';
import { startTestServer, type EchoHandlers, type TestServer } from '../testing/index.js';
import { call, failureOf, Gate, kinds } from './fixtures/calls.js';
import {
  concurrencyLimitServerInterceptor,
  type ConcurrencyLimit,
  type ConcurrencyLimitOptions,
} from './concurrency-limit-server-interceptor.js';
import type { OverloadDecision } from './observer.js';
import { eventually } from '../../test/support/until.js';

const answer = { text: '', count: 1, payload: Buffer.alloc(0) };
let server: TestServer | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await server?.close();
  server = undefined;
});

/** A server whose calls run until the gate is opened. */
async function limited(options: ConcurrencyLimitOptions) {
  const gate = new Gate();
  const decisions: OverloadDecision[] = [];
  const limit = concurrencyLimitServerInterceptor({ onDecision: (event) => void decisions.push(event), ...options });
  server = await startTestServer({ interceptors: [limit], handlers: handlersAt(gate) });
  return { gate, limit, client: server.client, events: server.events, decisions };
}

function handlersAt(gate: Gate): Partial<EchoHandlers> {
  return {
    async echo() {
      await gate.pass();
      return answer;
    },
    async *serverEcho() {
      await gate.pass();
      yield answer;
    },
    async clientEcho(requests) {
      for await (const _ of requests);
      await gate.pass();
      return answer;
    },
    async *bidiEcho(requests) {
      for await (const _ of requests);
      await gate.pass();
      yield answer;
    },
  };
}

/** Waits until the limit counts this. */
async function until(limit: ConcurrencyLimit, running: number, queued: number): Promise<void> {
  await eventually(() => expect([limit.running, limit.queued]).toEqual([running, queued]));
}

describe.each(kinds)('%s', (kind) => {
  test('what does not fit is refused, and told when to come back; a slot is free again at the end', async () => {
    const { gate, limit, client } = await limited({ max: 1 });
    const first = call(client, kind);
    await gate.arrived(1);
    const error = await failureOf(call(client, kind));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toMatch(/^Too many calls run on this server, please retry later, retry in \d+ ms$/);
    const delayMs = findDetail(error, 'retryInfo')!.retryDelayMs;
    expect(error.metadata.get('grpc-retry-pushback-ms')).toEqual([String(delayMs)]);
    gate.open();
    await first;
    await until(limit, 0, 0);
    const second = call(client, kind);
    await gate.arrived(2);
    gate.open();
    await second;
  });

  test('calls wait in order, and each of them runs', async () => {
    const { gate, limit, client, decisions } = await limited({ max: 1, queue: 2 });
    const calls = [call(client, kind)];
    await gate.arrived(1);
    calls.push(call(client, kind));
    await until(limit, 1, 1);
    calls.push(call(client, kind));
    await until(limit, 1, 2);
    expect((await failureOf(call(client, kind))).code).toBe(status.UNAVAILABLE);
    for (let number = 1; number <= 3; number++) {
      await gate.arrived(number);
      expect(limit.running).toBe(1);
      gate.open();
    }
    await Promise.all(calls);
    await until(limit, 0, 0);
    expect(decisions.map(({ decision }) => decision)).toEqual(['admitted', 'refused', 'admitted', 'admitted']);
  });

  test('a call that is cancelled while it waits leaves at once, and takes no slot', async () => {
    const { gate, limit, client, events } = await limited({ max: 1, queue: 1, queueTimeoutMs: 60_000 });
    const first = call(client, kind);
    await gate.arrived(1);
    const abort = new AbortController();
    const waiting = failureOf(call(client, kind, {}, { signal: abort.signal }));
    await until(limit, 1, 1);
    abort.abort();
    expect((await waiting).code).toBe(status.CANCELLED);
    await events.until({ side: 'server', hook: 'onEnd', code: 'CANCELLED' });
    expect([limit.running, limit.queued]).toEqual([1, 0]);
    gate.open();
    await first;
    await until(limit, 0, 0);
  });

  test('a running call that is cancelled gives its slot to the next, once', async () => {
    const { gate, limit, client } = await limited({ max: 1, queue: 2 });
    const abort = new AbortController();
    const first = failureOf(call(client, kind, {}, { signal: abort.signal }));
    await gate.arrived(1);
    const second = call(client, kind);
    await until(limit, 1, 1);
    abort.abort();
    await gate.arrived(2);
    gate.open();
    gate.open();
    await Promise.all([first, second]);
    await until(limit, 0, 0);
  });
});

test('a call whose deadline passes while it waits leaves the queue', async () => {
  const { gate, limit, client, events } = await limited({ max: 1, queue: 1, queueTimeoutMs: 60_000 });
  const first = call(client, 'unary');
  await gate.arrived(1);
  expect((await failureOf(call(client, 'unary', {}, { timeoutMs: 1_000 }))).code).toBe(status.DEADLINE_EXCEEDED);
  await events.until(({ side, hook, code }) => side === 'server' && hook === 'onEnd' && code !== 'OK');
  expect([limit.running, limit.queued]).toEqual([1, 0]);
  gate.open();
  await first;
});

test('who waited too long is refused', async () => {
  const { gate, limit, client } = await limited({ max: 1, queue: 1, queueTimeoutMs: 20 });
  const first = call(client, 'unary');
  await gate.arrived(1);
  const error = await failureOf(call(client, 'unary'));
  expect(error.code).toBe(status.UNAVAILABLE);
  expect(findDetail(error, 'retryInfo')).toBeDefined();
  expect([limit.running, limit.queued]).toEqual([1, 0]);
  gate.open();
  await first;
  await until(limit, 0, 0);
});

test('a dry run admits all, and reports whom the queue would not have taken', async () => {
  const { gate, limit, client, decisions } = await limited({ max: 1, queue: 1, dryRun: true });
  const calls = [1, 2, 3].map(() => call(client, 'unary'));
  await gate.arrived(3);
  expect([limit.running, limit.queued]).toEqual([3, 0]);
  for (const _ of calls) gate.open();
  await Promise.all(calls);
  await until(limit, 0, 0);
  expect(decisions.map(({ decision }) => decision)).toEqual(['admitted', 'admitted', 'would_refuse']);
});

test('the delay that a refused caller is told grows with the queue and shrinks with the calls', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { gate, client } = await limited({ max: 1, queue: 0 });
  const refusedDelay = async () => findDetail(await failureOf(call(client, 'unary')), 'retryInfo')!.retryDelayMs;
  let running = call(client, 'unary');
  await gate.arrived(1);
  // Nothing is known yet but that a slot is held for a tenth of a second.
  expect(await refusedDelay()).toBe(100);
  for (let number = 2; number <= 40; number++) {
    vi.advanceTimersByTime(10);
    gate.open();
    await running;
    running = call(client, 'unary');
    await gate.arrived(number);
  }
  expect(await refusedDelay()).toBeLessThan(100);
  gate.open();
  await running;
});

test('an error from the handler gives the slot back', async () => {
  const limit = concurrencyLimitServerInterceptor({ max: 1 });
  server = await startTestServer({ interceptors: [limit] });
  for (let i = 0; i < 3; i++) {
    const error = await failureOf(call(server.client, 'unary', { errorCode: status.NOT_FOUND, errorText: 'no' }));
    expect(error.code).toBe(status.NOT_FOUND);
    await until(limit, 0, 0);
  }
});

test.each([
  [{ max: Number.NaN }, 'max must be'],
  [{ max: 0 }, 'max must be'],
  [{ max: -1 }, 'max must be'],
  [{ max: Infinity }, 'max must be'],
  [{ max: 1.5 }, 'max must be an integer'],
  [{}, 'max must be'],
  [{ max: 1, queue: Number.NaN }, 'queue must be'],
  [{ max: 1, queue: -1 }, 'queue must be'],
  [{ max: 1, queue: Infinity }, 'queue must be'],
  [{ max: 1, queueTimeoutMs: 0 }, 'queueTimeoutMs must be'],
  [{ max: 1, queueTimeoutMs: Number.NaN }, 'queueTimeoutMs must be'],
  [{ max: 1, dryRun: 1 }, 'dryRun must be'],
])('%o is refused at construction', (options, text) => {
  expect(() => concurrencyLimitServerInterceptor(options as never)).toThrow(
    `concurrencyLimitServerInterceptor: ${text}`,
  );
});
