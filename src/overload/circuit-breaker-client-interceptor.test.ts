import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defineClientInterceptor } from '../core/define.js';
import { errorDetail } from '../core/status/details.js';
import { findDetail } from '../core/status/find-detail.js';
import { StatusError } from '../core/status/status-error.js';
import { startTestServer, type EchoHandlers, type TestServer } from '../testing/index.js';
import type { CircuitBreakerOptions } from './breaker-options.js';
import { call, failureOf, Gate, kinds } from './fixtures/calls.js';
import { circuitBreakerClientInterceptor } from './circuit-breaker-client-interceptor.js';
import type { BreakerStateChange, OverloadDecision } from './observer.js';
import { eventually } from '../../test/support/until.js';

const SERVICE = 'grpc_js_middleware.testing.v1.EchoService';
const broken = { errorCode: status.UNAVAILABLE, errorText: 'down' };
const answer = { text: '', count: 1, payload: Buffer.alloc(0) };

let server: TestServer | undefined;
beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await server?.close();
  server = undefined;
});

async function guarded(options: CircuitBreakerOptions = {}, handlers: Partial<EchoHandlers> = {}) {
  const decisions: OverloadDecision[] = [];
  const changes: BreakerStateChange[] = [];
  const interceptor = circuitBreakerClientInterceptor({
    minimumCalls: 2,
    onDecision: (event) => void decisions.push(event),
    onStateChange: (change) => void changes.push(change),
    ...options,
  });
  server = await startTestServer({ clientInterceptors: [interceptor], handlers });
  const reached = () => server!.events.list({ side: 'server', hook: 'onEnd' }).length;
  const states = () => changes.map(({ to }) => to);
  return { interceptor, client: server.client, events: server.events, decisions, changes, states, reached };
}

describe.each(kinds)('%s', (kind) => {
  test('opens after failures, refuses without calling, and closes when a probe succeeds', async () => {
    const { client, states, decisions, reached, interceptor } = await guarded();
    for (let i = 0; i < 2; i++) await failureOf(call(client, kind, broken));
    expect(interceptor.breaker(SERVICE).state).toBe('open');
    const error = await failureOf(call(client, kind));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toMatch(/^\/\S+Echo was not called: its circuit breaker is open, retry in 10000 ms$/);
    expect(findDetail(error, 'retryInfo')).toEqual({ type: 'retryInfo', retryDelayMs: 10_000 });
    expect(error.metadata.get('grpc-retry-pushback-ms')).toEqual(['10000']);
    expect(reached()).toBe(2);
    vi.advanceTimersByTime(10_000);
    await call(client, kind);
    expect(states()).toEqual(['open', 'half_open', 'closed']);
    expect(decisions.map(({ decision }) => decision)).toEqual(['admitted', 'admitted', 'refused', 'admitted']);
    expect(decisions[2]).toMatchObject({ kind: 'circuit_breaker', retryDelayMs: 10_000, method: { kind } });
  });

  test('a dry run changes its state and refuses nothing', async () => {
    const { client, states, decisions } = await guarded({ dryRun: true });
    for (let i = 0; i < 2; i++) await failureOf(call(client, kind, broken));
    await call(client, kind);
    expect(states()).toEqual(['open']);
    expect(decisions.at(-1)).toMatchObject({ decision: 'would_refuse', retryDelayMs: 10_000 });
  });
});

describe('what counts', () => {
  const stateAfter = async (code: status, options: CircuitBreakerOptions = {}) => {
    const { client, interceptor } = await guarded({ minimumCalls: 1, ...options });
    await failureOf(call(client, 'unary', { errorCode: code, errorText: 'no' }));
    return interceptor.breaker(SERVICE);
  };

  test.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'INTERNAL', 'UNKNOWN', 'DATA_LOSS'] as const)(
    '%s does',
    async (name) => {
      expect((await stateAfter(status[name])).state).toBe('open');
    },
  );

  test.each(['NOT_FOUND', 'INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED', 'UNAUTHENTICATED', 'ABORTED'] as const)(
    '%s speaks for the server',
    async (name) => {
      expect(await stateAfter(status[name])).toMatchObject({ state: 'closed', calls: 1, failures: 0 });
    },
  );

  test('CANCELLED says nothing', async () => {
    expect(await stateAfter(status.CANCELLED)).toMatchObject({ state: 'closed', calls: 0 });
  });

  test('the application may decide, on successes too', async () => {
    const { client, interceptor } = await guarded({
      minimumCalls: 1,
      isFailure: ({ end, call: { method } }) => end.code === status.OK && method.name === 'Echo',
    });
    await failureOf(call(client, 'unary', broken));
    expect(interceptor.breaker(SERVICE).state).toBe('closed');
    await call(client, 'unary');
    expect(interceptor.breaker(SERVICE).state).toBe('open');
  });

  test('an isFailure that throws leaves the decision to the default', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const isFailure = () => expect.fail('broken');
    expect((await stateAfter(status.UNAVAILABLE, { isFailure })).state).toBe('open');
  });

  test('a deadline that passes here counts, a call that is cancelled here does not', async () => {
    const gate = new Gate();
    const { client, interceptor } = await guarded(
      { minimumCalls: 1 },
      { echo: async () => (await gate.pass(), answer) },
    );
    const breaker = interceptor.breaker(SERVICE);
    const abort = new AbortController();
    const cancelled = failureOf(call(client, 'unary', {}, { signal: abort.signal }));
    await gate.arrived(1);
    abort.abort();
    await cancelled;
    expect([breaker.state, breaker.calls]).toEqual(['closed', 0]);
    await failureOf(call(client, 'unary', {}, { timeoutMs: 20 }));
    expect(breaker.state).toBe('open');
  });

  test('a call that another interceptor of this client refuses says nothing about the server', async () => {
    const interceptor = circuitBreakerClientInterceptor({ minimumCalls: 1 });
    const refusing = defineClientInterceptor('refusing', () => () => ({
      admit() {
        throw new StatusError(status.UNAVAILABLE, 'no token');
      },
    }));
    server = await startTestServer({ clientInterceptors: [interceptor, refusing] });
    await failureOf(call(server.client, 'unary'));
    expect(interceptor.breaker(SERVICE)).toMatchObject({ state: 'closed', calls: 0 });
  });

  test('a server that cannot be reached counts', async () => {
    const interceptor = circuitBreakerClientInterceptor({ minimumCalls: 1 });
    server = await startTestServer();
    const client = server.connect({ interceptors: [interceptor] });
    server.server.forceShutdown();
    await failureOf(call(client, 'unary'));
    expect(interceptor.breaker(SERVICE).state).toBe('open');
  });
});

describe('a server that says when to come back', () => {
  const refusing = (metadata: Record<string, string[]>, retryDelayMs?: number): Partial<EchoHandlers> => ({
    echo() {
      const trailers = new Metadata();
      for (const [key, values] of Object.entries(metadata)) for (const value of values) trailers.add(key, value);
      const errorDetails = retryDelayMs === undefined ? [] : [errorDetail.retryInfo({ retryDelayMs })];
      throw new StatusError(status.UNAVAILABLE, 'later', { metadata: trailers, errorDetails });
    },
  });

  test.each([
    ['by pushback', { 'grpc-retry-pushback-ms': ['2000'] }, undefined, 2_000],
    ['by RetryInfo', {}, 3_000, 3_000],
    ['by both: pushback is exact', { 'grpc-retry-pushback-ms': ['2000'] }, 3_000, 2_000],
    ['for a year, for five minutes', { 'grpc-retry-pushback-ms': ['2147483647'] }, undefined, 300_000],
    ['unreadably, as if it had said nothing', { 'grpc-retry-pushback-ms': ['abc'] }, undefined, 10_000],
    ['twice, likewise', { 'grpc-retry-pushback-ms': ['1', '2'] }, undefined, 10_000],
    ['with "never", likewise', { 'grpc-retry-pushback-ms': ['-1'] }, undefined, 10_000],
  ])('%s is left alone for as long', async (_how, metadata, retryDelayMs, openMs) => {
    const { client, changes } = await guarded({ minimumCalls: 1 }, refusing(metadata, retryDelayMs));
    await failureOf(call(client, 'unary'));
    expect(changes).toMatchObject([{ to: 'open', openMs }]);
  });
});

test('a stream that is the probe closes the breaker with its headers', async () => {
  const gate = new Gate();
  const { client, states, interceptor } = await guarded(
    { minimumCalls: 1 },
    {
      async *serverEcho(_request, context) {
        context.sendHeaders();
        await gate.pass();
        yield answer;
      },
    },
  );
  await failureOf(call(client, 'unary', broken));
  vi.advanceTimersByTime(10_000);
  const stream = call(client, 'server_stream');
  await eventually(() => expect(states()).toEqual(['open', 'half_open', 'closed']));
  gate.open();
  await stream;
  expect(interceptor.breaker(SERVICE).calls).toBe(0);
});

test('a probe that is cancelled makes room for the next', async () => {
  const gate = new Gate();
  const { client, states, events } = await guarded(
    { minimumCalls: 1 },
    { echo: async ({ errorCode }) => (errorCode > 0 ? expect.fail('down') : await gate.pass(), answer) },
  );
  await failureOf(call(client, 'unary', broken));
  vi.advanceTimersByTime(10_000);
  const abort = new AbortController();
  const probe = failureOf(call(client, 'unary', {}, { signal: abort.signal }));
  await gate.arrived(1);
  abort.abort();
  await probe;
  await events.until({ side: 'client', hook: 'onEnd', code: 'CANCELLED' });
  await call(client, 'server_stream');
  expect(states()).toEqual(['open', 'half_open', 'closed']);
  gate.open();
});

test('keys separate breakers, and are not told to anybody', async () => {
  const { client, interceptor } = await guarded({
    minimumCalls: 1,
    key: ({ metadata }) => `tenant ${String(metadata.get('tenant')[0])}`,
  });
  const as = (tenant: string, fields = {}) => {
    const metadata = new Metadata();
    metadata.set('tenant', tenant);
    return call(client, 'unary', fields, { metadata });
  };
  await failureOf(as('a', broken));
  await as('b');
  const error = await failureOf(as('a'));
  expect(error.message).not.toContain('tenant');
  expect(interceptor.breakers().map(({ key, state }) => `${key} ${state}`)).toEqual(
    expect.arrayContaining(['tenant a open', 'tenant b closed']),
  );
});

test('an operator may force it open, and reset it', async () => {
  const { client, interceptor, reached } = await guarded();
  interceptor.breaker(SERVICE).forceOpen();
  expect((await failureOf(call(client, 'unary'))).code).toBe(status.UNAVAILABLE);
  expect(reached()).toBe(0);
  interceptor.breaker(SERVICE).reset();
  await call(client, 'unary');
});

test('an observer hears of decisions and changes; what listeners throw affects no call', async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const heard: string[] = [];
  const { client, interceptor } = await guarded({
    minimumCalls: 1,
    onStateChange: () => expect.fail('broken'),
    observer: {
      onDecision: ({ decision }) => void heard.push(decision),
      onStateChange: ({ to }) => void heard.push(to),
    },
  });
  await failureOf(call(client, 'unary', broken));
  expect(heard).toEqual(['admitted', 'open']);
  expect(interceptor.breaker(SERVICE).state).toBe('open');
});

describe('bad input', () => {
  test.each([
    ['throws', () => expect.fail('broken')],
    ['answers nothing', () => undefined as never],
    ['answers a number', () => 7 as never],
  ])('a key function that %s gives the call to its service', async (_what, key) => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { client, interceptor } = await guarded({ key });
    await call(client, 'unary');
    expect(interceptor.breakers()).toMatchObject([{ key: SERVICE, calls: 1 }]);
  });

  test('a megabyte of key is kept as a hash', async () => {
    const { client, interceptor } = await guarded({ key: () => 'k'.repeat(1_000_000) });
    await call(client, 'unary');
    expect(interceptor.breakers()[0]!.key.length).toBeLessThan(60);
  });

  test.each([
    [{ failureRate: Number.NaN }, 'failureRate must be'],
    [{ failureRate: 0 }, 'failureRate must be a number above 0, at most 1, got 0'],
    [{ failureRate: 1.1 }, 'failureRate must be'],
    [{ minimumCalls: 0 }, 'minimumCalls must be'],
    [{ minimumCalls: Number.NaN }, 'minimumCalls must be'],
    [{ minimumCalls: Infinity }, 'minimumCalls must be'],
    [{ windowMs: 0 }, 'windowMs must be'],
    [{ windowMs: Infinity }, 'windowMs must be'],
    [{ openMs: Number.NaN }, 'openMs must be'],
    [{ openMs: -1 }, 'openMs must be'],
    [{ openMs: Infinity }, 'openMs must be'],
    [{ halfOpenCalls: 0 }, 'halfOpenCalls must be'],
    [{ maxKeys: 0 }, 'maxKeys must be'],
    [{ key: 'service' }, 'key must be a function'],
    [{ isFailure: [status.UNAVAILABLE] }, 'isFailure must be a function'],
    [{ onStateChange: 1 }, 'onStateChange must be a function'],
    [{ observer: () => undefined }, 'observer must be an object'],
    [{ dryRun: 0 }, 'dryRun must be'],
  ])('%o is refused at construction', (options, text) => {
    expect(() => circuitBreakerClientInterceptor(options as never)).toThrow(`circuitBreakerClientInterceptor: ${text}`);
  });
});
