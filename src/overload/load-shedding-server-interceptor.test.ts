import { Metadata, credentials, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findDetail } from '../core/status/find-detail.js';
import { HealthClient, HealthService } from '../gen/grpc/health/v1/health.js';
import { startTestServer, type TestServer } from '../testing/index.js';
import { call, failureOf, Gate, kinds } from './fixtures/calls.js';
import { loadSheddingServerInterceptor, type LoadSheddingOptions } from './load-shedding-server-interceptor.js';
import type { OverloadDecision } from './observer.js';
import { Shedder } from './shedder.js';
import { eventually } from '../../test/support/until.js';

const answer = { text: '', count: 1, payload: Buffer.alloc(0) };
let server: TestServer | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.close();
  server = undefined;
});

async function shedding(options: LoadSheddingOptions = {}, gate?: Gate) {
  const decisions: OverloadDecision[] = [];
  const shedder = loadSheddingServerInterceptor({ onDecision: (event) => void decisions.push(event), ...options });
  const handlers = gate && { echo: async () => (await gate.pass(), answer) };
  server = await startTestServer({ interceptors: [shedder], handlers });
  return { shedder, decisions, client: server.client };
}

/** What the shedder decides is tested in shedder.test.ts; here it has no room. */
function noRoom(): void {
  vi.spyOn(Shedder.prototype, 'decide').mockReturnValue(false);
}

describe.each(kinds)('%s', (kind) => {
  test('while there is no overload, all are admitted', async () => {
    // A target that no machine misses: this server is overloaded, too, where the one that runs the tests is.
    const { shedder, decisions, client } = await shedding({ targetDelayMs: 60_000 });
    await call(client, kind);
    expect(decisions).toMatchObject([{ kind: 'load_shedding', decision: 'admitted', retryDelayMs: 0 }]);
    expect(shedder.limit).toBe(Infinity);
  });

  test('in an overload, calls are refused before their handler runs, and told when to come back', async () => {
    noRoom();
    const { decisions, client } = await shedding();
    const error = await failureOf(call(client, kind));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toMatch(/^This server is overloaded, please retry later, retry in \d+ ms$/);
    const delayMs = findDetail(error, 'retryInfo')!.retryDelayMs;
    expect(delayMs).toBeGreaterThanOrEqual(500);
    expect(delayMs).toBeLessThan(1_500);
    expect(error.metadata.get('grpc-retry-pushback-ms')).toEqual([String(delayMs)]);
    expect(decisions.at(-1)).toMatchObject({ decision: 'refused', retryDelayMs: delayMs });
  });
});

test('a dry run refuses nothing, and says what it would have', async () => {
  noRoom();
  const { decisions, client } = await shedding({ dryRun: true });
  for (const kind of kinds) await call(client, kind);
  expect(decisions.map(({ decision }) => decision)).toEqual(kinds.map(() => 'would_refuse'));
});

test('a server that is kept busy refuses some calls and serves others', async () => {
  const decisions: string[] = [];
  const burn = () => {
    const until = performance.now() + 3;
    while (performance.now() < until);
    return answer;
  };
  const shedder = loadSheddingServerInterceptor({ onDecision: ({ decision }) => void decisions.push(decision) });
  server = await startTestServer({ interceptors: [shedder], handlers: { echo: burn } });
  const codes = new Set<number>();
  for (let wave = 0; wave < 100 && codes.size < 2; wave++) {
    const calls = Array.from({ length: 60 }, () =>
      call(server!.client, 'unary').then(
        () => status.OK,
        ({ code }) => code,
      ),
    );
    // The next wave comes while the last one is still being served.
    codes.add((await Promise.race(calls)) as number);
    void Promise.all(calls).then((all) => all.forEach((code) => codes.add(code as number)));
  }
  await eventually(() => expect([...codes].sort()).toEqual([status.OK, status.UNAVAILABLE]));
  expect(shedder.limit).toBeLessThan(60);
  await eventually(() => expect(shedder.inFlight).toBe(0));
});

test('the priority of the application decides who is asked first', async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const decide = vi.spyOn(Shedder.prototype, 'decide');
  const { client } = await shedding({ priority: ({ metadata }) => Number(metadata.get('priority')[0] ?? 5) });
  for (const priority of ['8', '3.4', '99', '-1', 'abc']) {
    const metadata = new Metadata();
    metadata.set('priority', priority);
    await call(client, 'unary', {}, { metadata });
  }
  expect(decide.mock.calls).toEqual([[8], [3], [9], [0], [5]]);
});

test('health checks are never shed: they are not even looked at', async () => {
  noRoom();
  const decisions: OverloadDecision[] = [];
  const shedder = loadSheddingServerInterceptor({ onDecision: (event) => void decisions.push(event) });
  server = await startTestServer({
    interceptors: [shedder],
    addServices: (grpcServer) =>
      grpcServer.addService(HealthService, {
        check: (_call: unknown, callback: (error: null, value: unknown) => void) => callback(null, { status: 1 }),
      }),
  });
  const health = new HealthClient(server.address, credentials.createInsecure());
  const seen = await new Promise((resolve) =>
    health.check({ service: '' }, new Metadata(), (error, value) => resolve(error ?? value)),
  );
  health.close();
  expect(seen).toMatchObject({ status: 1 });
  expect(decisions).toEqual([]);
});

test('calls at work are counted until their status, whatever becomes of them', async () => {
  const gate = new Gate();
  const { shedder, client } = await shedding({}, gate);
  const abort = new AbortController();
  const running = failureOf(call(client, 'unary', {}, { signal: abort.signal }));
  await gate.arrived(1);
  expect(shedder.inFlight).toBe(1);
  abort.abort();
  await running;
  await eventually(() => expect(shedder.inFlight).toBe(0));
  gate.open();
});

test('nothing keeps the process alive, or measures without calls', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers(); // the runner's own, which may end meanwhile
  loadSheddingServerInterceptor();
  expect(timers()).toBeLessThanOrEqual(before);
  const { client } = await shedding();
  await call(client, 'unary');
  expect(timers()).toBeLessThanOrEqual(before);
});

describe('bad input', () => {
  test.each([
    ['throws', () => expect.fail('broken')],
    ['answers NaN', () => Number.NaN],
    ['answers nothing', () => undefined as never],
    ['answers Infinity', () => Infinity],
    ['answers -1e9', () => -1e9],
    ['answers 0.5', () => 0.5],
  ])('a priority function that %s affects no call', async (_what, priority) => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { client } = await shedding({ priority });
    await call(client, 'unary');
  });

  test.each([
    [{ targetDelayMs: Number.NaN }, 'targetDelayMs must be'],
    [{ targetDelayMs: 0 }, 'targetDelayMs must be'],
    [{ targetDelayMs: -5 }, 'targetDelayMs must be'],
    [{ targetDelayMs: Infinity }, 'targetDelayMs must be'],
    [{ priority: 5 }, 'priority must be a function'],
    [{ dryRun: 'no' }, 'dryRun must be'],
    [{ onDecision: {} }, 'onDecision must be a function'],
  ])('%o is refused at construction', (options, text) => {
    expect(() => loadSheddingServerInterceptor(options as never)).toThrow(`loadSheddingServerInterceptor: ${text}`);
  });
});
