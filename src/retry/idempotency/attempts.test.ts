import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { defineServerInterceptor } from '../../core/define.js';
import { findDetail } from '../../core/status/find-detail.js';
import { StatusError } from '../../core/status/status-error.js';
import {
  idempotencyClientInterceptor,
  idempotencyServerInterceptor,
  memoryIdempotencyStore,
  retryClientInterceptor,
  type IdempotencyServerOptions,
  type IdempotencyStore,
} from '../index.js';
import { EchoRequest, EchoResponse, startTestServer } from '../../testing/index.js';
import { startCall, type Answer } from '../fixtures/scripted-server.js';
import { closeServers, fixture, hang, turns, withKey, type Fixture } from './fixtures/processes.js';
import { until } from '../../../test/support/until.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  closeServers();
});

describe('a client that leaves', () => {
  test('and comes again is told what the handler did meanwhile', async () => {
    const { server, send, start } = await fixture([hang]);
    const { call, outcome } = start('a');
    await server.seen(1);
    call.cancel();
    expect((await outcome).status.code).toBe(status.CANCELLED);
    await server.until(() => server.attempts[0]!.cancelled);
    const again = send('a');
    await turns();
    server.release(0);
    expect((await again).messages).toEqual([{ attempt: 1 }]);
    expect((await send('a')).messages).toEqual([{ attempt: 1 }]);
    expect(server.attempts).toHaveLength(1);
  });

  test('leaves no timer behind once the handler has answered', async () => {
    const { server, start } = await fixture([hang]);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { call } = start('a');
    await server.seen(1);
    call.cancel();
    await server.until(() => server.attempts[0]!.cancelled);
    await turns();
    expect(vi.getTimerCount()).toBe(1);
    server.release(0);
    await turns();
    // lru-cache looks at the clock once a millisecond.
    vi.advanceTimersByTime(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('under implement is told the same', async () => {
    let finish = (_: EchoResponse): void => undefined;
    let runs = 0;
    const echo = await startTestServer({
      interceptors: [idempotencyServerInterceptor({ methods: '*' })],
      handlers: {
        echo: () => {
          runs++;
          return new Promise<EchoResponse>((resolve) => (finish = resolve));
        },
      },
    });
    const controller = new AbortController();
    const metadata = withKey('a');
    const request = EchoRequest.fromPartial({ text: 'charge' });
    const first = expect(echo.client.echo(request, { metadata, signal: controller.signal })).rejects.toMatchObject({
      code: status.CANCELLED,
    });
    await until(() => runs === 1);
    controller.abort();
    await first;
    const second = echo.client.echo(request, { metadata });
    await turns();
    finish(EchoResponse.fromPartial({ text: 'charged' }));
    expect(await second).toMatchObject({ text: 'charged' });
    expect(runs).toBe(1);
    await echo.close();
  });

  test('and comes again runs anew when the handler gave up', async () => {
    const { server, send, start } = await fixture([hang, {}]);
    const { call } = start('a');
    await server.seen(1);
    call.cancel();
    await server.until(() => server.attempts[0]!.cancelled);
    server.release(0, { code: status.CANCELLED });
    await turns();
    expect((await send('a')).messages).toEqual([{ attempt: 2 }]);
  });

  test('before the handler ran leaves the key free', async () => {
    let open = (): void => undefined;
    const gate = defineServerInterceptor('gate', () => () => ({
      onRequest: () => new Promise<void>((resolve) => (open = resolve)),
    }));
    const { server, send, start, decisions } = await fixture([{}], {}, [], [gate]);
    const first = start('a');
    await until(() => decisions.length === 1);
    const second = send('a');
    first.call.cancel();
    await first.outcome;
    // The second one runs now: its own gate is there.
    await until(() => decisions.length === 2);
    await turns();
    open();
    expect((await second).status.code).toBe(status.OK);
    expect(decisions.map(({ decision }) => decision)).toEqual(['run', 'run']);
    expect(server.attempts).toHaveLength(1);
  });

  test('while the store is asked leaves the key free', async () => {
    const store = memoryIdempotencyStore();
    let answer = (): void => undefined;
    const claim: IdempotencyStore['claim'] = async (...terms) => {
      await new Promise<void>((resolve) => (answer = resolve));
      return store.claim(...terms);
    };
    const finish: IdempotencyStore['finish'] = (...args) => store.finish(...args);
    const release: IdempotencyStore['release'] = (...args) => store.release(...args);
    const { server, send, start } = await fixture([{}], { store: { claim, finish, release } });
    const first = start('a');
    await turns();
    first.call.cancel();
    await first.outcome;
    await turns();
    answer();
    await turns();
    const second = send('a');
    await turns();
    answer();
    expect((await second).messages).toEqual([{ attempt: 1 }]);
    expect(server.attempts).toHaveLength(1);
  });

  test('while it waits for another frees nothing and starts nothing', async () => {
    const store = memoryIdempotencyStore();
    const claims = vi.spyOn(store, 'claim');
    const { server, send, start } = await fixture([hang, {}], { store });
    const first = send('a');
    await server.seen(1);
    const second = start('a');
    await turns();
    second.call.cancel();
    await second.outcome;
    await turns();
    server.release(0, { code: status.UNAVAILABLE });
    await first;
    await turns();
    expect(server.attempts).toHaveLength(1);
    expect(claims).toHaveBeenCalledTimes(1);
  });

  test('and a handler that never answers keep the key for the lease, and no longer', async () => {
    const { server, send, start } = await fixture([hang, {}], { leaseMs: 300, waitMs: 60_000 });
    const { call } = start('a');
    await server.seen(1);
    call.cancel();
    expect((await send('a')).messages).toEqual([{ attempt: 2 }]);
  });

  test('by a time limit per attempt is charged once', async () => {
    const { server } = await fixture([hang, {}]);
    const retry = retryClientInterceptor({
      perAttemptTimeoutMs: 1_000,
      backoff: () => 1,
      onRetry: () => void turns().then(() => server.release(0)),
    });
    const client = await server.client({ interceptors: [idempotencyClientInterceptor(), retry] });
    const { status: end, messages } = await startCall(client, 'unary').outcome;
    expect(end.code).toBe(status.OK);
    expect(messages).toEqual([{ attempt: 1 }]);
    expect(server.attempts).toHaveLength(1);
  });
});

describe('several processes', () => {
  const two = async (
    script: readonly Answer[],
    options: Partial<IdempotencyServerOptions> = {},
  ): Promise<[Fixture, Fixture]> => {
    const store = options.store ?? memoryIdempotencyStore();
    return [
      await fixture(script, { ...options, store }),
      await fixture([{ messages: ['the other'] }], { ...options, store }),
    ];
  };

  test('share outcomes through their store', async () => {
    const [one, other] = await two([hang]);
    const first = one.send('a');
    await one.server.seen(1);
    const second = other.send('a');
    await turns();
    one.server.release(0);
    await first;
    expect((await second).messages).toEqual([{ attempt: 1 }]);
    expect((await other.send('a', 'another request')).status.code).toBe(status.FAILED_PRECONDITION);
    expect(other.server.attempts).toHaveLength(0);
    expect(other.decisions.map(({ decision }) => decision)).toEqual(['replayed', 'keyReused']);
  });

  test('tell a client to come back when the other takes its time', async () => {
    const [one, other] = await two([hang], { waitMs: 30 });
    void one.send('a');
    await one.server.seen(1);
    const { status: end } = await other.send('a');
    expect(end).toMatchObject({ code: status.UNAVAILABLE, details: 'The same request is still running' });
    expect(end.metadata.get('grpc-retry-pushback-ms')).toEqual(['1000']);
    expect(findDetail(StatusError.from(end), 'retryInfo')).toMatchObject({ retryDelayMs: 1000 });
    expect(other.decisions.map(({ decision }) => decision)).toEqual(['runningElsewhere']);
  });

  test('take over after the lease of one that died, whose late outcome no longer counts', async () => {
    const [one, other] = await two([hang], { leaseMs: 300, waitMs: 60_000 });
    const first = one.send('a');
    await one.server.seen(1);
    expect((await other.send('a')).messages).toEqual(['the other']);
    one.server.release(0);
    await first;
    await turns();
    expect((await other.send('a')).messages).toEqual(['the other']);
  });
});
