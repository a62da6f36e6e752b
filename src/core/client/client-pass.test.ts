import { AsyncLocalStorage } from 'node:async_hooks';
import {
  InterceptingCall,
  Metadata,
  status,
  type ClientOptions,
  type Interceptor,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { echoCall, kinds, type Seen } from '../../../test/support/echo-call.js';
import { collectGarbage } from '../../../test/support/collect-garbage.js';
import { echoServer, type EchoServer } from '../../../test/support/echo-server.js';
import { until } from '../../../test/support/until.js';

import { implement } from '../../promises/index.js';
import { EchoRequest, EchoServiceService } from '../../gen/grpc_js_middleware/testing/v1/echo.js';
import { channelSecurityOf, endClientCall, isAttempt, withAttempt } from './client-call.js';
import { composeClientInterceptors } from '../compose.js';
import { contextKey } from '../context-key.js';
import type { ClientCallContext } from '../context.js';
import { defineClientInterceptor, defineServerInterceptor } from '../define.js';
import type { CallEnd, ClientHooks } from '../hooks.js';
import { keepInterceptors } from '../keep.js';
import type { CallKind } from '../method.js';
import { forMethods } from '../select.js';
import { StatusError } from '../status/status-error.js';

const response = (text: string, count = 1) => ({ text, count, payload: Buffer.alloc(0) });
const answers = implement(EchoServiceService, {
  echo: ({ text }) => response(text),
  async *serverEcho({ text }) {
    for (let count = 1; count <= 3; count++) yield response(text, count);
  },
  async clientEcho(requests) {
    const texts: string[] = [];
    for await (const { text } of requests) texts.push(text);
    return response(texts.join(), texts.length);
  },
  async *bidiEcho(requests) {
    for await (const { text } of requests) yield response(text);
  },
});

const hooks = (own: ClientHooks, name = 'test'): Interceptor => defineClientInterceptor(name, () => () => own);
const foreign: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), { start: (metadata, listener, next) => next(metadata.clone(), listener) });

let server: EchoServer;
let ends: CallEnd[];
let arrived: number;
const countArrivals: ServerInterceptor = defineServerInterceptor('count', () => () => void arrived++);
const recordEnds = defineClientInterceptor('record', () => () => ({ onEnd: (end) => void ends.push(end) }));

beforeEach(async () => {
  ends = [];
  arrived = 0;
  server = await echoServer([countArrivals], answers);
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(() => {
  server.close();
  vi.restoreAllMocks();
});

async function call(
  kind: CallKind,
  interceptors: Interceptor[],
  { client: clientOptions = {}, ...options }: Parameters<typeof echoCall>[3] & { client?: ClientOptions } = {},
): Promise<Seen> {
  const client = server.connect({ interceptors: [recordEnds, ...interceptors], ...clientOptions });
  return await echoCall(client, kind, [{ text: 'a' }, { text: 'b' }], options).seen;
}

const sent = { unary: 1, server_stream: 1, client_stream: 2, bidi_stream: 2 };
const received = { unary: 1, server_stream: 3, client_stream: 1, bidi_stream: 2 };

describe.each(kinds)('a %s call', (kind) => {
  test('ends once, with its messages counted', async () => {
    expect((await call(kind, [])).code).toBe(status.OK);
    expect(ends).toMatchObject([
      { code: status.OK, origin: 'peer', sent: sent[kind], received: received[kind], durationMs: expect.any(Number) },
    ]);
  });

  test('passes the same events in the same order when listed, composed and around a foreign interceptor', async () => {
    const logs: string[][] = [];
    const recorders = (log: string[]): Interceptor[] =>
      ['x', 'y', 'z'].map((name) =>
        defineClientInterceptor(name, () => () => ({
          admit: () => void log.push(`${name} admit`),
          onRequest: () => void log.push(`${name} request`),
          onHeaders: () => void log.push(`${name} headers`),
          onResponse: () => void log.push(`${name} response`),
          onStatus: ({ code }) => void log.push(`${name} status ${code}`),
          onEnd: ({ code }) => void log.push(`${name} end ${code}`),
        })),
      );
    for (const arrange of [
      (list: Interceptor[]) => list,
      (list: Interceptor[]) => [composeClientInterceptors(...list)],
      (list: Interceptor[]) => [list[0]!, composeClientInterceptors(list[1]!, list[2]!)],
      (list: Interceptor[]) => [foreign, list[0]!, foreign, list[1]!, list[2]!, foreign],
    ]) {
      const log: string[] = [];
      await call(kind, arrange(recorders(log)));
      // A foreign interceptor is told of a status after its own listener; ends then come outer pass by pass.
      logs.push(log.filter((event) => !event.includes('end')));
      expect(log.filter((event) => event.includes('end')).toSorted()).toEqual(['x end 0', 'y end 0', 'z end 0']);
    }
    for (const log of logs) expect(log.slice(0, 3)).toEqual(['x admit', 'y admit', 'z admit']);
    const byName = (log: string[]): string[] => log.filter((event) => event.startsWith('y'));
    for (const log of logs) expect(byName(log)).toEqual(byName(logs[0]!));
  });

  test('sends a copy of the metadata, with what interceptors added', async () => {
    const metadata = new Metadata();
    metadata.set('x-caller', '1');
    let seen: unknown;
    server.close();
    server = await echoServer(
      [defineServerInterceptor('look', () => (context) => void (seen = context.metadata.getMap()))],
      answers,
    );
    const add = defineClientInterceptor('add', () => (context) => ({
      admit: () => void context.metadata.set('x-added', '2'),
    }));
    await call(kind, [add, foreign, add], { metadata });
    expect(seen).toMatchObject({ 'x-caller': '1', 'x-added': '2' });
    expect(metadata.getMap()).toEqual({ 'x-caller': '1' });
  });

  test.each([
    [
      'throws',
      () => {
        throw new StatusError(status.RESOURCE_EXHAUSTED, 'no more');
      },
    ],
    [
      'rejects later',
      () =>
        new Promise<void>((_resolve, reject) =>
          setImmediate(() => reject(new StatusError(status.RESOURCE_EXHAUSTED, 'no more'))),
        ),
    ],
  ])('fails without being sent when admit %s', async (_how, admit) => {
    let inner = false;
    const seen = await call(kind, [
      hooks({ admit }),
      defineClientInterceptor('inner', () => () => void (inner = true)),
    ]);
    expect(seen).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'no more' });
    expect({ arrived, inner }).toEqual({ arrived: 0, inner: false });
    expect(ends).toMatchObject([{ code: status.RESOURCE_EXHAUSTED, origin: 'interceptor', sent: 0 }]);
  });

  test('is cancelled while admit waits: nothing is sent', async () => {
    let waiting!: () => void;
    const entered = new Promise<void>((resolve) => (waiting = resolve));
    let context!: ClientCallContext;
    const slow = defineClientInterceptor('slow', () => (own) => {
      context = own;
      return { admit: () => (waiting(), new Promise<void>(() => undefined)) };
    });
    const running = echoCall(server.connect({ interceptors: [recordEnds, slow] }), kind, [{}]);
    await entered;
    const { signal } = context;
    running.cancel();
    expect((await running.seen).code).toBe(status.CANCELLED);
    expect(ends).toMatchObject([{ code: status.CANCELLED, origin: 'cancelled' }]);
    expect(signal.reason).toMatchObject({ code: status.CANCELLED });
    expect(arrived).toBe(0);
  });

  test('expires while admit waits', async () => {
    const slow = hooks({ admit: () => new Promise<void>(() => undefined) });
    expect((await call(kind, [slow], { deadline: Date.now() + 5 })).code).toBe(status.DEADLINE_EXCEEDED);
    expect(ends).toMatchObject([{ origin: 'deadline' }]);
  });

  test('takes the deadline and options that admit leaves', async () => {
    const limit = defineClientInterceptor('limit', () => (context) => ({
      async admit() {
        await Promise.resolve();
        context.limitDeadline(Date.now() - 1);
      },
    }));
    expect((await call(kind, [limit])).code).toBe(status.DEADLINE_EXCEEDED);
  });

  test.each<[string, ClientHooks]>([
    ['admit throws', { admit: () => raise() }],
    ['onRequest throws', { onRequest: () => raise() }],
    ['onRequest rejects', { onRequest: async () => raise() }],
    ['onResponse throws', { onResponse: () => raise() }],
    ['onResponse rejects', { onResponse: async () => raise() }],
  ])('fails with UNKNOWN, naming the interceptor, when %s', async (_what, broken) => {
    const seen = await call(kind, [hooks(broken, 'culprit')]);
    expect(seen).toMatchObject({ code: status.UNKNOWN, details: "Client interceptor 'culprit' failed" });
    expect(ends).toMatchObject([{ code: status.UNKNOWN, origin: 'interceptor', error: new Error('secret') }]);
  });

  test.each<[string, ClientHooks]>([
    ['onHeaders throws', { onHeaders: () => raise() }],
    ['onStatus rejects', { onStatus: (async () => raise()) as never }],
    ['onEnd throws', { onEnd: () => raise() }],
  ])('goes on unharmed when %s', async (_what, broken) => {
    expect((await call(kind, [hooks(broken)])).code).toBe(status.OK);
  });

  test('carries messages that hooks replaced, at once or later', async () => {
    const seen = await call(kind, [
      hooks({ onRequest: async (message) => ({ ...(message as EchoRequest), text: 'inner' }) }),
      hooks({
        onResponse: async (message) => ({ ...(message as EchoRequest), text: `${(message as EchoRequest).text}!` }),
      }),
    ]);
    expect(seen.code).toBe(status.OK);
    expect(seen.received.length).toBe(received[kind]);
    expect(seen.received.every(({ text }) => /^inner.*!$/.test(text))).toBe(true);
  });

  test('knows target, security and peer', async () => {
    let before: unknown;
    let after: unknown;
    await call(kind, [
      foreign,
      defineClientInterceptor('look', () => (context) => ({
        admit: () => void (before = { peer: context.peer, ...channelSecurityOf(context) }),
        onEnd: () => void (after = context.peer),
      })),
    ]);
    expect(before).toEqual({
      peer: 'unknown',
      secure: false,
      proxied: false,
      closed: false,
      target: `dns:127.0.0.1:${server.port}`,
    });
    expect(after).toBe(`127.0.0.1:${server.port}`);
  });

  test('ends from outside, with the typed error', async () => {
    const end = defineClientInterceptor('end', () => (context) => ({
      onRequest: () => endClientCall(context, new StatusError(status.CANCELLED, 'the caller has gone')),
    }));
    expect(await call(kind, [end], { keepOpen: true })).toMatchObject({
      code: status.CANCELLED,
      details: 'the caller has gone',
    });
    expect(ends).toMatchObject([{ origin: 'cancelled' }]);
  });

  test('shares what interceptors set, across a foreign one, and passes it to attempts', async () => {
    const tenant = contextKey('tenant', 'none');
    const found: unknown[] = [];
    const set = defineClientInterceptor('set', () => (context) => ({ admit: () => context.set(tenant, 'acme') }));
    const get = defineClientInterceptor('get', () => (context) => ({
      admit() {
        found.push([context.get(tenant), context.attempt, isAttempt(context)]);
        context.set(tenant, 'inner');
      },
      onEnd: () => void found.push(context.get(tenant)),
    }));
    const outer = defineClientInterceptor('outer', () => (context) => ({
      onEnd: () => void found.push(['outer', context.get(tenant)]),
    }));
    const retrying: Interceptor = (options, nextCall) => nextCall(withAttempt(options, 2)) as InterceptingCall;
    const wrapped: Interceptor = (options, nextCall) => new InterceptingCall(retrying(options, nextCall));
    await call(kind, [outer, set, foreign, get]);
    expect(found).toEqual([['acme', 1, false], 'inner', ['outer', 'inner']]);
    found.length = 0;
    await call(kind, [outer, set, wrapped, get]);
    expect(found).toEqual([['acme', 2, true], 'inner', ['outer', 'acme']]);
  });
});

test('callbacks run in the context in which the call was made', async () => {
  const storage = new AsyncLocalStorage<number>();
  const client = server.connect({ interceptors: [recordEnds] });
  const note = (number: number, event: string): void => void seen.push(`${event} ${storage.getStore() === number}`);
  const seen: string[] = [];
  // From the second call on, the connection is there, made in the context of the first.
  for (const number of [1, 2, 3]) {
    await new Promise<void>((resolve) =>
      storage.run(number, () => {
        const call = client.serverEcho(EchoRequest.create());
        for (const event of ['metadata', 'data', 'end', 'status']) call.on(event, () => note(number, event));
        call.on('status', () => resolve());
      }),
    );
    await new Promise<void>((resolve) =>
      storage.run(number, () => client.echo(EchoRequest.create(), () => resolve(note(number, 'callback')))),
    );
  }
  expect(new Set(seen)).toEqual(
    new Set(['metadata', 'data', 'end', 'status', 'callback'].map((event) => `${event} true`)),
  );
});

function raise(): never {
  throw new Error('secret');
}

test("a call's own interceptors replace a client's, but not the kept ones", async () => {
  const seen: string[] = [];
  const note = (name: string): Interceptor => defineClientInterceptor(name, () => () => void seen.push(name));
  const plain = server.connect({ interceptors: [note('client')] });
  await echoCall(plain, 'unary', [{}], { interceptors: [note('call')] }).seen;
  const keeping = server.connect(keepInterceptors(note('kept')));
  await echoCall(keeping, 'unary', [{}], { interceptors: [note('call')] }).seen;
  await echoCall(keeping, 'unary', [{}]).seen;
  expect(seen).toEqual(['call', 'kept', 'call', 'kept']);
});

test('asking for the target makes no call but the one that runs, and none that stays', async () => {
  const made: Interceptor = (options, nextCall) => {
    calls.push(options.deadline);
    return nextCall(options) as InterceptingCall;
  };
  const calls: unknown[] = [];
  const ask = defineClientInterceptor('ask', () => (context) => ({ admit: () => void context.target }));
  const limit = defineClientInterceptor('limit', () => (context) => ({ admit: () => context.limitDeadline(2e12) }));
  const refuse = hooks({ admit: () => Promise.reject(new StatusError(status.ABORTED, 'no')) });

  await call('unary', [limit, ask, ask, made]);
  expect(calls).toEqual([2e12]);

  calls.length = 0;
  await call('unary', [ask, limit, made], { deadline: 3e12 });
  expect(calls).toEqual([3e12, 2e12]);

  const client = server.connect({ interceptors: [ask, refuse] });
  await echoCall(client, 'unary', [{}]).seen;
  const channel = client.getChannel() as unknown as { internalChannel: { callCount: number } };
  expect(channel.internalChannel.callCount).toBe(0);
});

test('forMethods narrows a client interceptor', async () => {
  const seen: string[] = [];
  const note = defineClientInterceptor('note', (method) => () => void seen.push(method.name));
  const client = server.connect({ interceptors: [forMethods(/Server/, note)] });
  for (const kind of kinds) await echoCall(client, kind, [{}]).seen;
  expect(seen).toEqual(['ServerEcho']);
});

test('a closed channel fails the call instead of throwing, and the end is told', async () => {
  let target: unknown;
  const ask = defineClientInterceptor('ask', () => (context) => ({ onEnd: () => void (target = context.target) }));
  const client = server.connect({ interceptors: [recordEnds, ask] });
  client.close();
  expect((await echoCall(client, 'unary', [{}]).seen).code).toBe(status.UNAVAILABLE);
  expect(ends).toHaveLength(1);
  expect(target).toBe('');
});

test('a server that is not there is UNAVAILABLE, by the transport', async () => {
  const client = server.connect({ interceptors: [recordEnds] }, '127.0.0.1:1');
  expect((await echoCall(client, 'unary', [{}]).seen).code).toBe(status.UNAVAILABLE);
  await until(() => ends.length === 1);
  expect(ends).toMatchObject([{ origin: 'transport' }]);
});

test('an undecodable response is INTERNAL, by the transport', async () => {
  const client = server.connect({ interceptors: [recordEnds] });
  const definition = { ...EchoServiceService.echo };
  const outcome = await new Promise<number>((resolve) =>
    client.makeUnaryRequest(
      definition.path,
      () => Buffer.alloc(0),
      (): never => raise(),
      {},
      (error) => resolve(error?.code ?? 0),
    ),
  );
  expect(outcome).toBe(status.INTERNAL);
  expect(ends).toMatchObject([{ code: status.INTERNAL, origin: 'transport' }]);
});

test.each(kinds)(
  '%s: a call that is over leads to no context, however long the transport keeps what it told',
  async (kind) => {
    const contexts: WeakRef<object>[] = [];
    const kept: unknown[] = [];
    const watch = defineClientInterceptor('watch', () => (context) => void contexts.push(new WeakRef(context)));
    const keepListener: Interceptor = (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (metadata, listener, next) => {
          kept.push(listener);
          next(metadata, listener);
        },
      });
    await call(kind, [watch, keepListener]);

    await collectGarbage();
    expect(contexts.map((each) => each.deref())).toEqual([undefined]);
    expect(kept).toHaveLength(1);
  },
);
