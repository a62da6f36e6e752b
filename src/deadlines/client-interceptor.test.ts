import { getEventListeners } from 'node:events';
import { status, type Interceptor, type ServerInterceptor } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { currentCall, type ClientCallContext, type ServerCallContext } from '../core/context.js';
import { defineClientInterceptor, defineServerInterceptor } from '../core/define.js';
import { descriptionOf } from '../core/description.js';
import type { Method } from '../core/method.js';
import { EchoResponse, startTestServer, type EchoHandlers, type TestServer } from '../testing/index.js';
import { call, deferred, kinds, methodNames } from './fixtures/calls.js';
import { deadlineClientInterceptor, deadlineServerInterceptor, detached, type DeadlineClientOptions } from './index.js';
import { eventually } from '../../test/support/until.js';

const running: TestServer[] = [];
/** What each side of the outgoing calls knew of them. */
let outgoing: ClientCallContext[];
let incoming: ServerCallContext[];

beforeEach(() => {
  [outgoing, incoming] = [[], []];
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

const peekOutgoing: Interceptor = defineClientInterceptor('peek', () => (context) => void outgoing.push(context));
const peekIncoming = defineServerInterceptor('peek', () => (context) => void incoming.push(context));

/** The service that is called by others. */
async function startBackend(options: DeadlineClientOptions = {}): Promise<TestServer> {
  const backend = await startTestServer({
    interceptors: [peekIncoming],
    clientInterceptors: [deadlineClientInterceptor(options), peekOutgoing],
  });
  running.push(backend);
  return backend;
}

/** A service whose unary handler does this. */
async function startFront(
  echo: () => Promise<unknown>,
  interceptors: readonly ServerInterceptor[] = [],
): Promise<TestServer> {
  const front = await startTestServer({
    interceptors,
    handlers: { echo: async () => (await echo(), EchoResponse.fromPartial({})) } satisfies Partial<EchoHandlers>,
  });
  running.push(front);
  return front;
}

describe.each(kinds)('an outgoing call of kind %s', (kind) => {
  test('keeps the deadline of the server call, less the reserve', async () => {
    const backend = await startBackend({ reserveMs: 500 });
    let deadline = 0;
    const front = await startFront(() => {
      ({ deadline } = currentCall());
      return call(backend.client, kind);
    });
    await call(front.client, 'unary', {}, { timeoutMs: 30_000 });
    expect(outgoing.map((each) => each.deadline)).toEqual([deadline - 500]);
    // The wire carries whole milliseconds of the time that is left, rounded up by up to one.
    expect(incoming[0]!.deadline).toBeLessThan(deadline);
  });

  test('keeps a shorter deadline of its own', async () => {
    const backend = await startBackend({ defaultMs: 20_000 });
    const front = await startFront(() => call(backend.client, kind, {}, { timeoutMs: 1_000 }));
    await call(front.client, 'unary', {}, { timeoutMs: 30_000 });
    expect(outgoing[0]!.deadline - outgoing[0]!.startedAt).toBeLessThanOrEqual(1_000);
  });

  test('is cancelled with the server call, on both of its sides', async () => {
    const backend = await startBackend();
    let failure: unknown;
    const front = await startFront(() =>
      call(backend.client, kind, { delayMs: 60_000 }).catch((error: unknown) => (failure = error)),
    );
    const aborted = new AbortController();
    const calling = call(front.client, 'unary', {}, { signal: aborted.signal });
    await backend.events.until({ side: 'server', hook: 'onRequest' });
    aborted.abort();
    await expect(calling).rejects.toMatchObject({ code: status.CANCELLED });

    expect(await backend.events.until({ side: 'client', hook: 'onEnd' })).toMatchObject({
      method: methodNames[kind],
      code: 'CANCELLED',
      origin: 'cancelled',
    });
    expect(await backend.events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'CANCELLED' });
    expect(failure).toMatchObject({
      code: status.CANCELLED,
      details: 'The call that this one works for was cancelled',
    });
  });

  test('is refused at once when the reserve is all that is left', async () => {
    const backend = await startBackend({ reserveMs: 60_000 });
    let failure: unknown;
    const front = await startFront(() => call(backend.client, kind).catch((error: unknown) => (failure = error)));
    await call(front.client, 'unary', {}, { timeoutMs: 50_000 });
    expect(failure).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: expect.stringMatching(
        /^Deadline exceeded: \d+ ms left of the call that this one works for, 60000 ms of them in reserve$/,
      ) as string,
    });
    expect(incoming).toEqual([]);
  });

  test('is refused at once when the server call is cancelled already', async () => {
    const backend = await startBackend();
    const over = deferred<unknown>();
    const front = await startFront(async () => {
      const { signal } = currentCall();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await call(backend.client, kind).catch(over.resolve);
    });
    const aborted = new AbortController();
    const calling = call(front.client, 'unary', {}, { signal: aborted.signal });
    await front.events.until({ side: 'server', hook: 'onRequest' });
    aborted.abort();
    await expect(calling).rejects.toMatchObject({ code: status.CANCELLED });
    expect(await over.promise).toMatchObject({ code: status.CANCELLED });
    expect(incoming).toEqual([]);
  });

  test('expires with the server call', async () => {
    const backend = await startBackend();
    let failure: unknown;
    const front = await startFront(async () => {
      await call(backend.client, kind, { delayMs: 60_000 }).catch((error: unknown) => (failure = error));
      throw failure;
    }, [deadlineServerInterceptor({ maxMs: 60 })]);
    await expect(call(front.client, 'unary')).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await eventually(() => expect(failure).toMatchObject({ code: status.DEADLINE_EXCEEDED }));
  });

  test('made by detached code keeps neither, but the call’s context', async () => {
    const backend = await startBackend({ reserveMs: 500 });
    const finished = deferred<void>();
    let context: ServerCallContext | undefined;
    const front = await startFront(async () => {
      detached(async () => {
        await Promise.resolve();
        context = currentCall();
        await call(backend.client, kind, { delayMs: 100 });
      }).then(finished.resolve, finished.reject);
      await new Promise(() => undefined);
    });
    const aborted = new AbortController();
    const calling = call(front.client, 'unary', {}, { signal: aborted.signal, timeoutMs: 30_000 });
    await backend.events.until({ side: 'server', hook: 'onRequest' });
    aborted.abort();
    await expect(calling).rejects.toMatchObject({ code: status.CANCELLED });
    await finished.promise;
    expect(outgoing[0]!.deadline).toBe(Infinity);
    expect(context?.method.name).toBe('Echo');
    expect(await backend.events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'OK' });
  });

  test('keeps neither with propagate: false', async () => {
    const backend = await startBackend({ propagate: false });
    const front = await startFront(() => call(backend.client, kind));
    await call(front.client, 'unary', {}, { timeoutMs: 30_000 });
    expect(outgoing[0]!.deadline).toBe(Infinity);
  });

  test('goes on when the handler answers without waiting for it', async () => {
    const backend = await startBackend();
    const finished = deferred<void>();
    const front = await startFront(async () => {
      call(backend.client, kind, { delayMs: 50 }).then(finished.resolve, finished.reject);
    });
    await call(front.client, 'unary', {}, { timeoutMs: 30_000 });
    await finished.promise;
    expect(await backend.events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'OK' });
  });

  test('outside any server call gets the default, and the budget of none', async () => {
    const backend = await startBackend({ defaultMs: 5_000 });
    await call(backend.client, kind);
    await detached(() => call(backend.client, kind));
    expect(outgoing.map(({ deadline, startedAt }) => deadline - startedAt)).toEqual([5_000, 5_000]);
  });
});

describe('handlers of all four kinds hand their budget on', () => {
  test.each(kinds)('%s', async (kind) => {
    const backend = await startBackend({ reserveMs: 100 });
    const deadlines: number[] = [];
    const answer = async () => {
      deadlines.push(currentCall().deadline - 100);
      await call(backend.client, 'unary');
      return EchoResponse.fromPartial({});
    };
    const front = await startTestServer({
      handlers: {
        echo: answer,
        async clientEcho(requests) {
          for await (const _ of requests);
          return answer();
        },
        async *serverEcho() {
          yield await answer();
          yield answer();
        },
        async *bidiEcho(requests) {
          for await (const _ of requests) yield answer();
        },
      },
    });
    running.push(front);
    await call(front.client, kind, {}, { timeoutMs: 30_000 });
    expect(outgoing.map(({ deadline }) => deadline)).toEqual(deadlines);
    expect(deadlines.every(Number.isFinite)).toBe(true);
  });
});

test('however many outgoing calls a call makes, one listener stands on its signal, and none of them stays', async () => {
  const backend = await startBackend();
  const warnings = vi.spyOn(process, 'emitWarning');
  const listeners: number[] = [];
  const front = await startFront(async () => {
    const { signal } = currentCall();
    for (let i = 0; i < 15; i++) {
      const batch = kinds.map((kind) => call(backend.client, kind));
      listeners.push(getEventListeners(signal, 'abort').length);
      await Promise.all(batch);
      listeners.push(getEventListeners(signal, 'abort').length);
    }
  });
  await call(front.client, 'unary');
  // One of ours, and perhaps one of the handler's own runner, from the first outgoing call to the last.
  expect(new Set(listeners).size).toBe(1);
  expect(listeners[0]).toBeLessThanOrEqual(2);
  expect(warnings).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

describe('deadlines beyond setTimeout’s range', () => {
  const days = (count: number) => Date.now() + count * 86_400_000;

  test.each(kinds)('work in a call of kind %s, which a grpc-js server would otherwise refuse', async (kind) => {
    const backend = await startBackend();
    const bare = backend.connect();
    await expect(call(bare, kind, { delayMs: 20 }, { deadline: days(25) })).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    incoming.length = 0;
    for (const deadline of [days(25), days(60), days(36_500), new Date(days(30))]) {
      await call(backend.client, kind, { delayMs: 20 }, { deadline });
    }
    for (const { deadline, startedAt } of incoming) expect(deadline - startedAt).toBeGreaterThan(24 * 86_400_000);
  });

  test('a default beyond it works', async () => {
    const backend = await startBackend({ defaultMs: 2 ** 33 });
    await call(backend.client, 'unary', { delayMs: 20 });
    expect(outgoing[0]!.deadline - outgoing[0]!.startedAt).toBeGreaterThan(24 * 86_400_000);
  });
});

test.each<[DeadlineClientOptions, string]>([
  [{ defaultMs: 0 }, 'deadlineClientInterceptor: defaultMs must be a number of at least 1, got 0'],
  [{ reserveMs: NaN }, 'deadlineClientInterceptor: reserveMs must be a number from 0 to 2147483000, got NaN'],
  [{ propagate: 'yes' as never }, "deadlineClientInterceptor: propagate must be true or false, got 'yes'"],
])('wrong options are refused: %j', (options, message) => {
  expect(() => deadlineClientInterceptor(options)).toThrow(new TypeError(message));
});

test.each<[DeadlineClientOptions, string]>([
  [{ propagate: false }, 'no default'],
  [{ defaultMs: 2_000, reserveMs: 20 }, "default 2 s, within the server call's own less 20 ms"],
])('%j explains itself', (options, text) => {
  expect(descriptionOf(deadlineClientInterceptor(options))?.explain?.({} as Method)).toBe(text);
});
