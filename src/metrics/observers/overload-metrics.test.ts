import { status, type Interceptor, type ServerInterceptor } from '@grpc/grpc-js';
import { AggregatorRegistry, Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { countedCalls, type CountedCalls } from '../../../test/support/counted-calls.js';
import { echoCall, kinds } from '../../../test/support/echo-call.js';
import { linesOf, sumOf, valueOf } from '../../../test/support/exposition.js';
import {
  circuitBreakerClientInterceptor,
  concurrencyLimitServerInterceptor,
  loadSheddingServerInterceptor,
  rateLimitServerInterceptor,
  type CircuitBreakerOptions,
} from '../../overload/index.js';
import { overloadMetrics } from '../index.js';
import { scriptedCodes } from './fixtures/scripted-codes.js';

const SERVER = 'grpc_server_overload_decisions_total';
const CLIENT = 'grpc_client_circuit_breaker_decisions_total';
const STATE = 'grpc_client_circuit_breaker_state';
const TRANSITIONS = 'grpc_client_circuit_breaker_transitions_total';
const SERVICE = 'grpc_js_middleware.testing.v1.EchoService';

let register: Registry;
const servers: CountedCalls[] = [];

beforeEach(() => (register = new Registry()));
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) await server.close();
});

async function serve(interceptors: ServerInterceptor[], clientInterceptors: Interceptor[] = []): Promise<CountedCalls> {
  const server = await countedCalls({ interceptors, clientInterceptors });
  servers.push(server);
  return server;
}

/** Opens at the first failure, and stays so. */
const breaker = (options: CircuitBreakerOptions = {}) => {
  const observer = options.observer ?? overloadMetrics({ register });
  return circuitBreakerClientInterceptor({ minimumCalls: 1, openMs: 3_600_000, ...options, observer });
};

describe.each(kinds)('%s', (kind) => {
  test.each([
    [false, { admitted: 1, refused: 2, would_refuse: 0 }],
    [true, { admitted: 1, refused: 0, would_refuse: 2 }],
  ])('what a limit decides, in a dry run %s', async (dryRun, counts) => {
    const observer = overloadMetrics({ register });
    const server = await serve([rateLimitServerInterceptor({ ratePerSecond: 0.001, burst: 1, dryRun, observer })]);
    for (let i = 0; i < 3; i++) await server.call(kind);
    const text = await register.metrics();
    const labels = { grpc_type: kind, grpc_service: SERVICE, limiter: 'rate_limit' };
    for (const [decision, count] of Object.entries(counts)) {
      expect(valueOf(text, SERVER, { ...labels, decision })).toBe(count);
    }
    expect(linesOf(text, SERVER)).toHaveLength(3);
    expect(linesOf(text, CLIENT)).toEqual([]);
  });

  test.each([
    [false, { admitted: 1, refused: 2, would_refuse: 0 }],
    [true, { admitted: 1, refused: 0, would_refuse: 2 }],
  ])('what a circuit breaker decides, in a dry run %s, and its state', async (dryRun, counts) => {
    const { rawClient } = await serve([scriptedCodes([status.UNAVAILABLE])], [breaker({ dryRun })]);
    for (let i = 0; i < 3; i++) await echoCall(rawClient, kind).seen;
    const text = await register.metrics();
    for (const [decision, count] of Object.entries(counts)) {
      expect(valueOf(text, CLIENT, { grpc_type: kind, grpc_service: SERVICE, decision })).toBe(count);
    }
    expect(valueOf(text, STATE, { key: SERVICE })).toBe(1);
    expect(valueOf(text, TRANSITIONS, { key: SERVICE, from: 'closed', to: 'open' })).toBe(1);
    expect(linesOf(text, SERVER)).toEqual([]);
  });
});

test('limiters of one server are told apart', async () => {
  const observer = overloadMetrics({ register });
  const server = await serve([
    loadSheddingServerInterceptor({ observer }),
    concurrencyLimitServerInterceptor({ max: 1, observer }),
    rateLimitServerInterceptor({ ratePerSecond: 1_000, burst: 1_000, observer }),
  ]);
  await server.call('unary');
  const text = await register.metrics();
  for (const limiter of ['load_shedding', 'concurrency', 'rate_limit']) {
    expect(valueOf(text, SERVER, { limiter, decision: 'admitted' })).toBe(1);
    expect(valueOf(text, SERVER, { limiter, decision: 'refused' })).toBe(0);
  }
});

describe('the state of circuit breakers', () => {
  const stateOf = async (key: string): Promise<number> => valueOf(await register.metrics(), STATE, { key });

  test('half-open while a probe runs, closed when it has succeeded', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { rawClient, events } = await serve([scriptedCodes([status.UNAVAILABLE])], [breaker()]);
    await echoCall(rawClient, 'unary').seen;
    vi.advanceTimersByTime(3_600_000);
    const probe = echoCall(rawClient, 'unary', [{ delayMs: 60_000 }]);
    await events.until({ side: 'server', hook: 'admit' }, { nth: 2 });
    expect(await stateOf(SERVICE)).toBe(0.5);
    probe.cancel();
    await probe.seen;
    await echoCall(rawClient, 'unary').seen;
    const text = await register.metrics();
    expect(valueOf(text, STATE, { key: SERVICE })).toBe(0);
    expect(valueOf(text, TRANSITIONS, { from: 'open', to: 'half_open' })).toBe(1);
    expect(valueOf(text, TRANSITIONS, { from: 'half_open', to: 'closed' })).toBe(1);
  });

  test('what an operator forces', async () => {
    const one = breaker().breaker('stock');
    one.forceOpen();
    expect(await stateOf('stock')).toBe(1);
    one.forceClosed();
    expect(linesOf(await register.metrics(), STATE)).toEqual([`${STATE}{key="stock"} 0`]);
  });

  test('two clients of one service: the worst of their breakers', async () => {
    const [first, second] = [breaker().breaker('stock'), breaker().breaker('stock')];
    first.forceOpen();
    second.forceOpen();
    first.reset();
    expect(await stateOf('stock')).toBe(1);
    second.reset();
    expect(await stateOf('stock')).toBe(0);
  });

  test('a breaker whose opening nobody saw closes, and its next opening is seen', async () => {
    const observer = overloadMetrics({ register });
    observer.onStateChange({ key: 'stock', from: 'open', to: 'closed' });
    expect(await stateOf('stock')).toBe(0);
    observer.onStateChange({ key: 'stock', from: 'closed', to: 'open' });
    expect(await stateOf('stock')).toBe(1);
  });

  test('too many keys: changes of the rest are counted as other, with one warning', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const breakers = breaker({ observer: overloadMetrics({ register, maxKeys: 2 }) });
    for (const key of ['a', 'b', 'c', 'd', 'a']) {
      breakers.breaker(key).forceOpen();
      breakers.breaker(key).reset();
    }
    const text = await register.metrics();
    expect(linesOf(text, STATE)).toEqual([`${STATE}{key="a"} 0`, `${STATE}{key="b"} 0`]);
    expect(sumOf(text, TRANSITIONS, { key: 'other' })).toBe(4);
    expect(sumOf(text, TRANSITIONS, { key: 'a' })).toBe(4);
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('more than 2 keys'), expect.anything());
  });

  test('a reset of the metrics leaves it alone; processes of a cluster show the worst', async () => {
    breaker().breaker('stock').forceOpen();
    register.resetMetrics();
    expect(sumOf(await register.metrics(), TRANSITIONS)).toBe(0);
    const json = structuredClone(await register.getMetricsAsJSON());
    const both = AggregatorRegistry.aggregate([json, structuredClone(json)]);
    expect(valueOf(await both.metrics(), STATE, { key: 'stock' })).toBe(1);
  });
});

describe('one registry', () => {
  test('observers with the same options count together, and a reset begins anew', async () => {
    expect(overloadMetrics({ register })).toBe(overloadMetrics({ register }));
    const observer = overloadMetrics({ register });
    const server = await serve([rateLimitServerInterceptor({ ratePerSecond: 1_000, burst: 1_000, observer })]);
    await server.call('unary');
    register.resetMetrics();
    expect(linesOf(await register.metrics(), SERVER)).toHaveLength(3);
    expect(sumOf(await register.metrics(), SERVER)).toBe(0);
  });

  test('with other options, or with somebody else’s metric of the name, they are refused', () => {
    overloadMetrics({ register });
    const taken =
      /^overloadMetrics: register already has a metric grpc_\w+ that is not of overloadMetrics with the same/;
    expect(() => overloadMetrics({ register, maxKeys: 7 })).toThrow(taken);
    const other = new Registry();
    new Counter({ name: TRANSITIONS, help: 'theirs', registers: [other] });
    expect(() => overloadMetrics({ register: other })).toThrow(taken);
  });
});

test.each([
  [{}, 'register must be a prom-client Registry, got undefined'],
  [{ register: new Registry(), maxKeys: 0 }, 'maxKeys must be an integer of at least 1, got 0'],
  [{ register: new Registry(), maxKeys: NaN }, 'maxKeys must be an integer of at least 1, got NaN'],
])('wrong options: %o', (options, message) => {
  expect(() => overloadMetrics(options as never)).toThrow(new TypeError(`overloadMetrics: ${message}`));
});
