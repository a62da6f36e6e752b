import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import {
  InterceptingCall,
  Metadata,
  status,
  type ClientOptions,
  type Interceptor,
  type ServiceError,
} from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { echoCall, kinds, type Seen } from '../../../test/support/echo-call.js';
import { echoServer, type EchoServer } from '../../../test/support/echo-server.js';
import { until } from '../../../test/support/until.js';
import {
  EchoRequest,
  EchoServiceService,
  type EchoServiceClient,
} from '../../gen/grpc_js_middleware/testing/v1/echo.js';
import { implement } from '../../promises/index.js';
import { defineClientInterceptor } from '../define.js';
import type { ClientCallContext } from '../context.js';
import type { CallEnd, ClientHooks } from '../hooks.js';
import type { CallKind } from '../method.js';
import { StatusError } from '../status/status-error.js';
import { endClientCall } from './client-call.js';

const response = (text: string) => ({ text, count: 1, payload: Buffer.alloc(0) });
const answers = implement(EchoServiceService, {
  echo: ({ text }) => response(text),
  async *serverEcho({ text }) {
    for (let count = 1; count <= 3; count++) yield response(text);
  },
  async clientEcho(requests) {
    const texts: string[] = [];
    for await (const { text } of requests) texts.push(text);
    return response(texts.join());
  },
  async *bidiEcho(requests) {
    for await (const { text } of requests) yield response(text);
  },
});

let server: EchoServer;
let ends: CallEnd[];
const record = defineClientInterceptor('record', () => () => ({ onEnd: (end) => void ends.push(end) }));
const hooks = (own: ClientHooks | ((context: ClientCallContext) => ClientHooks), name = 'test'): Interceptor =>
  defineClientInterceptor(name, () => (context) => (typeof own === 'function' ? own(context) : own));
const openCalls = (client: EchoServiceClient): number =>
  (client.getChannel() as unknown as { internalChannel: { callCount: number } }).internalChannel.callCount;

beforeEach(async () => {
  ends = [];
  server = await echoServer([], answers);
});
afterEach(() => {
  server.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function fail(): never {
  throw new Error('a bug');
}

describe.each(kinds)('a %s call', (kind) => {
  const call = async (interceptors: Interceptor[], options: Parameters<typeof echoCall>[3] = {}): Promise<Seen> => {
    const client = server.connect({ interceptors: [record, ...interceptors] });
    const seen = await echoCall(client, kind, [{ text: 'a' }], options).seen;
    await until(() => openCalls(client) === 0);
    return seen;
  };

  test.each<[string, Interceptor]>([
    ['is made', () => fail()],
    ['is started', (options, nextCall) => new InterceptingCall(nextCall(options), { start: fail })],
    ['takes a message', (options, nextCall) => new InterceptingCall(nextCall(options), { sendMessage: fail })],
    ['takes the half-close', (options, nextCall) => new InterceptingCall(nextCall(options), { halfClose: fail })],
  ])('that a foreign interceptor breaks when it %s ends with that bug, not as UNAVAILABLE', async (_, broken) => {
    const seen = await call([hooks({}), broken]);
    expect(seen).toMatchObject({ code: status.INTERNAL, details: 'The call could not be made' });
    expect(ends).toMatchObject([
      { code: status.INTERNAL, origin: 'interceptor', error: { cause: { message: 'a bug' } } },
    ]);
  });

  test.each<[string, ClientHooks]>([
    ['at once', {}],
    ['later', { admit: async () => undefined }],
  ])('with an impossible deadline, begun %s, says so', async (_, own) => {
    const deadline = 'abc' as unknown as number;
    const asks = hooks((context) => ({ admit: () => void context.target }));
    for (const list of [[hooks(own)], [asks, hooks(own)]]) {
      ends = [];
      expect((await call(list, { deadline })).code).toBe(status.INTERNAL);
      const cause = { message: expect.stringContaining('deadline') as string };
      expect(ends).toMatchObject([{ code: status.INTERNAL, error: { cause } }]);
    }
  });

  test.each<[string, ClientHooks]>([
    ['before', {}],
    ['while it waits', { admit: async () => closing.close() }],
  ])('on a channel that is closed %s says that the channel is closed', async (when, own) => {
    closing = server.connect({ interceptors: [record, hooks({}), hooks(own)] });
    if (when === 'before') closing.close();
    const seen = await echoCall(closing, kind, [{}]).seen;
    expect(seen).toMatchObject({ code: status.UNAVAILABLE, details: 'The channel is closed' });
    expect(ends).toMatchObject([{ code: status.UNAVAILABLE, origin: 'interceptor', sent: 0 }]);
  });
  let closing: EchoServiceClient;

  test.each<[string, (end: () => void) => ClientHooks]>([
    ['the function of the call', (end) => (end(), {})],
    ['admit', (end) => ({ admit: end })],
    ['admit that waits', (end) => ({ admit: async () => end() })],
    ['onRequest', (end) => ({ onRequest: end })],
    ['onHeaders', (end) => ({ onHeaders: end })],
    ['onResponse', (end) => ({ onResponse: end })],
  ])('that is ended in %s ends once, with that error, for all whose part began', async (where, own) => {
    const heard: string[] = [];
    const error = new StatusError(status.ABORTED, 'enough');
    const ending = hooks((context) => ({
      ...own(() => endClientCall(context, error)),
      onStatus: ({ code }) => void heard.push(`status ${code}`),
      onEnd: ({ code, origin }) => void heard.push(`end ${code} ${origin}`),
    }));
    let inner = false;
    const seen = await call([ending, hooks(() => ((inner = true), {}))]);
    expect(seen).toMatchObject({ code: status.ABORTED, details: 'enough' });
    expect(heard).toEqual(['status 10', 'end 10 interceptor']);
    expect(ends).toMatchObject([{ code: status.ABORTED, origin: 'interceptor', error }]);
    expect(inner).toBe(!/function|admit/.test(where));
  });

  test.each<keyof ClientHooks>(['onStatus', 'onEnd'])('that is ended in %s has ended already', async (name) => {
    const again = hooks((context) => ({
      [name]: () => endClientCall(context, new StatusError(status.ABORTED, 'late')),
    }));
    expect((await call([again])).code).toBe(status.OK);
    expect(ends).toMatchObject([{ code: status.OK, origin: 'peer' }]);
  });

  test('whose deadline is moved into the past by the function of the call expires, and that part hears the end', async () => {
    const heard: number[] = [];
    const limit = hooks(
      (context) => (context.limitDeadline(Date.now() - 1), { onEnd: ({ code }) => void heard.push(code) }),
    );
    expect((await call([limit])).code).toBe(status.DEADLINE_EXCEEDED);
    expect(heard).toEqual([status.DEADLINE_EXCEEDED]);
    expect(ends).toMatchObject([{ origin: 'deadline' }]);
  });

  test('whose deadline is moved while admit waits expires then', async () => {
    const limit = hooks((context) => ({
      admit: async () => {
        await Promise.resolve();
        context.limitDeadline(Date.now() + 5);
        await new Promise(() => undefined);
      },
    }));
    expect((await call([limit])).code).toBe(status.DEADLINE_EXCEEDED);
    expect((await call([limit], { deadline: Date.now() + 600_000 })).code).toBe(status.DEADLINE_EXCEEDED);
  });

  test('can be cancelled while its status waits for a message hook that never settles', async () => {
    let reached!: () => void;
    const waiting = new Promise<void>((resolve) => (reached = resolve));
    const stuck = hooks({ onResponse: () => (reached(), new Promise(() => undefined)) });
    const client = server.connect({ interceptors: [record, stuck] });
    const running = echoCall(client, kind, [{}]);
    await waiting;
    await until(() => openCalls(client) === 0 || kind.endsWith('i_stream') || kind === 'server_stream');
    running.cancel();
    expect((await running.seen).code).toBe(status.CANCELLED);
    expect(ends).toMatchObject([{ code: status.CANCELLED, origin: 'cancelled' }]);
  });

  test('expires while its status waits for a message hook that never settles', async () => {
    const stuck = hooks({ onResponse: () => new Promise(() => undefined) });
    const seen = await call([stuck], { deadline: Date.now() + 50 });
    expect(seen.code).toBe(status.DEADLINE_EXCEEDED);
    expect(ends).toMatchObject([{ code: status.DEADLINE_EXCEEDED, origin: 'deadline' }]);
  });

  test('around a foreign interceptor, now or later, reports the status outwards before the end', async () => {
    for (const later of [false, true]) {
      const log: string[] = [];
      const recorder = (name: string): Interceptor =>
        hooks({
          onStatus: () => void log.push(`${name} status`),
          onEnd: () => void log.push(`${name} end`),
        });
      const foreign: Interceptor = (options, nextCall) =>
        new InterceptingCall(nextCall(options), {
          start: (metadata, listener, next) =>
            next(metadata, {
              onReceiveStatus: (outcome, up) => void (later ? setImmediate(() => up(outcome)) : up(outcome)),
            }),
        });
      const expected = ['c status', 'b status', 'a status', 'c end', 'b end', 'a end'];
      await call([recorder('a'), recorder('b'), foreign, recorder('c')]);
      expect(log).toEqual(expected);
      log.length = 0;
      await call([recorder('a'), foreign, recorder('b'), foreign, recorder('c')]);
      expect(log).toEqual(expected);
    }
  });

  test('that a foreign interceptor repeats reports the end of each, also of the one that was thrown away', async () => {
    const log: string[] = [];
    const repeating: Interceptor = (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (metadata, listener, next) =>
          next(metadata, {
            onReceiveStatus: () => {
              log.push('again');
              nextCall(options).start(metadata, listener);
            },
          }),
      });
    const client = server.connect({
      interceptors: [
        record,
        repeating,
        hooks((context) => {
          log.push('begin');
          if (log.includes('again')) setImmediate(() => endClientCall(context, new StatusError(status.ABORTED, 'two')));
          return { onEnd: () => void log.push('end') };
        }),
      ],
    });
    expect((await echoCall(client, kind, [{}]).seen).code).toBe(status.ABORTED);
    expect(log).toEqual(['begin', 'again', 'end', 'begin', 'end']);
  });

  test('whose messages a foreign interceptor sends without waiting, outside a hook that does, loses none', async () => {
    const many: Interceptor = (options, nextCall) => {
      const below = nextCall(options);
      return new InterceptingCall(below, {
        sendMessage: (message, next) => {
          next(message);
          if (options.method_definition.requestStream) for (let i = 1; i < 5; i++) below.sendMessage(message);
        },
      });
    };
    const slow = hooks({
      onRequest: (message) => new Promise((resolve) => setImmediate(() => resolve(message))),
      onResponse: (message) => new Promise((resolve) => setImmediate(() => resolve(message))),
    });
    const seen = await call([many, slow]);
    expect(seen.code).toBe(status.OK);
    const expected = { unary: 1, server_stream: 3, client_stream: 1, bidi_stream: 5 };
    expect(seen.received).toHaveLength(expected[kind]);
    if (kind === 'client_stream') expect(seen.received[0]!.text).toBe('a,a,a,a,a');
  });
});

test('a cancel is CANCELLED, and an end takes its time, whatever the time of day does meanwhile', async () => {
  for (const step of [3_600_000, -3_600_000]) {
    ends = [];
    const waiting = hooks({ admit: () => new Promise(() => undefined) });
    const client = server.connect({ interceptors: [record, waiting] });
    const running = echoCall(client, 'unary', [{}], { deadline: Date.now() + 60_000 });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + step });
    running.cancel();
    vi.useRealTimers();
    expect((await running.seen).code).toBe(status.CANCELLED);
    expect(ends).toMatchObject([{ code: status.CANCELLED, origin: 'cancelled' }]);
    expect(ends[0]!.durationMs).toBeLessThan(60_000);
  }
});

test('a deadline status of the server is not one of this side, whatever the time of day says', async () => {
  server.close();
  server = await echoServer([], {
    echo: (_: unknown, callback: (error: Partial<ServiceError>) => void) => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
      callback({ code: status.DEADLINE_EXCEEDED, details: 'mine' });
    },
  });
  const client = server.connect({ interceptors: [record] });
  await echoCall(client, 'unary', [{}], { deadline: Date.now() + 600_000 }).seen;
  expect(ends).toMatchObject([{ code: status.DEADLINE_EXCEEDED, details: 'mine', origin: 'peer' }]);
});

describe('a server that breaks the rules', () => {
  let raw: Http2Server;
  let messages: number;
  beforeEach(async () => {
    raw = createServer();
    raw.on('stream', (stream) => {
      stream.on('error', () => undefined);
      stream.resume();
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-trailer': 'yes' }));
      stream.end(Buffer.alloc(5 * messages));
    });
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => void raw.close());

  const run = async (kind: CallKind, interceptors: Interceptor[]): Promise<{ error?: ServiceError; seen: Seen }> => {
    const options: ClientOptions = { interceptors };
    const client = server.connect(options, `127.0.0.1:${(raw.address() as AddressInfo).port}`);
    let error: ServiceError | undefined;
    const seen = await new Promise<Seen>((resolve) => {
      const told = (failure: ServiceError | null): void => void (error = failure ?? undefined);
      const stream = kind === 'unary' ? undefined : client.clientEcho(told);
      stream?.end();
      const call = stream ?? client.echo(EchoRequest.create(), told);
      call.on('status', (outcome) => setImmediate(() => resolve(outcome as Seen)));
    });
    client.close();
    return { error, seen };
  };

  test.each(['unary', 'client_stream'] as const)(
    'by an OK without its one message: a %s call ends for interceptors as for the application, who sees no difference',
    async (kind) => {
      messages = 0;
      const bare = await run(kind, []);
      const statuses: unknown[] = [];
      const note = hooks({ onStatus: ({ code, details }) => void statuses.push([code, details]) });
      const foreign: Interceptor = (options, nextCall) => new InterceptingCall(nextCall(options));
      const seen = await run(kind, [record, note, foreign, record, note]);
      expect(seen.seen).toEqual(bare.seen);
      expect(seen.error).toMatchObject({ code: bare.error!.code, details: bare.error!.details });
      expect(seen.error!.metadata.getMap()).toEqual(bare.error!.metadata.getMap());
      expect(ends).toMatchObject(Array(2).fill({ code: status.UNIMPLEMENTED, details: 'No message received' }));
      expect(statuses).toEqual(Array(2).fill([status.UNIMPLEMENTED, 'No message received']));
    },
  );

  test.each(['unary', 'client_stream'] as const)(
    'by two messages to a %s call: it ends at once, as where grpc-js notices',
    async (kind) => {
      messages = 2;
      const { error } = await run(kind, [record]);
      expect(error).toMatchObject({ code: status.UNIMPLEMENTED, details: 'Too many responses received' });
      expect(ends).toMatchObject([{ code: status.UNIMPLEMENTED, origin: 'transport' }]);
    },
  );
});

test('what an application throws from its own callback is uncaught, and no ending of the call', async () => {
  const answering: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (_metadata, listener) => {
        listener.onReceiveMessage?.(response('cached'));
        listener.onReceiveStatus?.({ code: status.OK, details: '', metadata: new Metadata() });
      },
      sendMessage: () => undefined,
      halfClose: () => undefined,
    });
  const client = server.connect({ interceptors: [record, answering] });
  expect(() => client.echo(EchoRequest.create(), () => fail())).toThrow('a bug');
  expect(ends).toMatchObject([{ code: status.OK }]);
});

test("a writer's callbacks run in the context in which the call was made", async () => {
  const storage = new AsyncLocalStorage<number>();
  const client = server.connect({ interceptors: [record] });
  const seen: boolean[] = [];
  for (const number of [1, 2]) {
    await new Promise<void>((resolve) =>
      storage.run(number, () => {
        const call = client.clientEcho(() => resolve());
        const written = (): void => void seen.push(storage.getStore() === number);
        call.write(EchoRequest.create(), written);
        call.write(EchoRequest.create(), () => (written(), call.end()));
      }),
    );
  }
  expect(seen).toEqual([true, true, true, true]);
});

test('the error that the application gets leads to what a layer below threw', async () => {
  const client = server.connect({ interceptors: [record, () => fail()] });
  const error = await new Promise<unknown>((resolve) => client.echo(EchoRequest.create(), resolve));
  expect(error).toMatchObject({ code: status.INTERNAL, cause: { message: 'a bug' } });
});
