import { AsyncLocalStorage } from 'node:async_hooks';
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import {
  Metadata,
  ServerInterceptingCall,
  status,
  type ServerInterceptor,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { echoCall, kinds } from '../../../test/support/echo-call.js';
import { echoServer, type EchoServer } from '../../../test/support/echo-server.js';
import { until } from '../../../test/support/until.js';
import { guardHandlers, implement } from '../../promises/index.js';
import { EchoServiceService } from '../../gen/grpc_js_middleware/testing/v1/echo.js';
import type { ServerCallContext } from '../context.js';
import { defineServerInterceptor } from '../define.js';
import type { CallEnd, ServerHooks } from '../hooks.js';
import { StatusError } from '../status/status-error.js';
import { rawCall } from './fixtures/raw-call.js';
import { onHandlerSettled, onStatusChosen, setLinger } from './server-call.js';

const response = (text: string, size = 0) => ({ text, count: 1, payload: Buffer.alloc(size) });
const answers = implement(EchoServiceService, {
  echo: ({ text }) => response(text),
  async *serverEcho({ text }) {
    for (let i = 0; i < 3; i++) yield response(text);
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

const hooks = (own: ServerHooks, name = 'test'): ServerInterceptor => defineServerInterceptor(name, () => () => own);
/** An interceptor that is not of this library, so that a second pass begins behind it. */
const foreign: ServerInterceptor = (_descriptor, call) => new ServerInterceptingCall(call);

let server: EchoServer;
let ends: CallEnd[];
const sessions: ClientHttp2Session[] = [];
const recordEnds = defineServerInterceptor('record', () => () => ({ onEnd: (end) => void ends.push(end) }));

beforeEach(() => {
  ends = [];
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
  server.close();
  vi.restoreAllMocks();
});

async function serve(
  interceptors: ServerInterceptor[],
  implementation: UntypedServiceImplementation = answers,
): Promise<void> {
  server = await echoServer([recordEnds, ...interceptors], implementation);
}

/** A call whose client gives the server no window, so that it takes nothing of a response. */
function callWithoutWindow(path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  const session = connectHttp2(`http://127.0.0.1:${server.port}`, { settings: { initialWindowSize: 0 } });
  sessions.push(session);
  session.on('error', () => undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => undefined);
  stream.pause();
  stream.end(Buffer.from([0, 0, 0, 0, 0]));
  return stream;
}

const paths = {
  unary: EchoServiceService.echo.path,
  server_stream: EchoServiceService.serverEcho.path,
  client_stream: EchoServiceService.clientEcho.path,
  bidi_stream: EchoServiceService.bidiEcho.path,
};

describe.each(kinds)('a %s call of a client that takes nothing', (kind) => {
  test('frees what waits for its status when the response is written, and is over when it has lingered', async () => {
    let chosen = 0;
    const slot = defineServerInterceptor('slot', () => (call) => {
      setLinger(call, 40);
      onStatusChosen(call, () => chosen++);
    });
    await serve([slot]);
    const stream = callWithoutWindow(paths[kind]);
    await until(() => chosen === 1);
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: status.CANCELLED, origin: 'transport' }]);
    await until(() => stream.closed);
  });

  test('ends with DEADLINE_EXCEEDED when its grpc-timeout has passed', async () => {
    await serve([]);
    const stream = callWithoutWindow(paths[kind], { 'grpc-timeout': '100m' });
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: status.DEADLINE_EXCEEDED, origin: 'deadline' }]);
    await until(() => stream.closed);
  });

  test('ends with DEADLINE_EXCEEDED when the deadline of an interceptor has passed', async () => {
    await serve([
      defineServerInterceptor('limit', () => (call) => ({ admit: () => call.limitDeadline(Date.now() + 100) })),
    ]);
    const stream = callWithoutWindow(paths[kind]);
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: status.DEADLINE_EXCEEDED, origin: 'deadline' }]);
    await until(() => stream.closed);
  });
});

test('a connection that leaves after DATA behind END_STREAM ends its calls once they have lingered', async () => {
  const slot = defineServerInterceptor('slot', () => (call) => setLinger(call, 40));
  await serve([slot]);
  await rawCall(server.port, paths.unary);
  await until(() => ends.length === 1);
});

describe.each(kinds)('a %s call', (kind) => {
  const texts = ['a', 'b'].map((text) => ({ text }));
  const run = () => echoCall(server.connect(), kind, texts).seen;

  test('ends once when onStatus ends it again, with the status that was chosen first', async () => {
    const again = defineServerInterceptor('again', () => (call) => ({
      onStatus: () => call.end(new StatusError(status.PERMISSION_DENIED, 'again')),
    }));
    for (const list of [[again], [again, foreign, again]]) {
      ends = [];
      await serve(list);
      expect((await run()).code).toBe(status.OK);
      await until(() => ends.length > 0);
      expect(ends).toMatchObject([{ code: status.OK, origin: 'handler' }]);
      server.close();
    }
  });

  test.each<[string, (call: ServerCallContext) => void, status]>([
    ['ends it', (call) => call.end(new StatusError(status.ABORTED, 'enough')), status.ABORTED],
    ['sets a deadline that has passed', (call) => call.limitDeadline(Date.now() - 1), status.DEADLINE_EXCEEDED],
  ])('notifies an interceptor of the end whose per-call function %s', async (_what, end, code) => {
    const heard: string[] = [];
    const own = defineServerInterceptor('own', () => (call) => {
      end(call);
      return { admit: () => void heard.push('admit'), onEnd: (ended) => void heard.push(`end ${ended.code}`) };
    });
    const inner = defineServerInterceptor('inner', () => () => void heard.push('inner'));
    for (const list of [
      [own, inner],
      [foreign, own, inner],
      [own, foreign, inner],
    ]) {
      heard.length = 0;
      ends = [];
      await serve(list);
      expect((await run()).code).toBe(code);
      await until(() => ends.length > 0);
      expect(heard).toEqual([`end ${code}`]);
      expect(ends).toMatchObject([{ code }]);
      server.close();
    }
  });

  test.each<[string, ConstructorParameters<typeof ServerInterceptingCall>[1]]>([
    ['sendStatus', { sendStatus: () => raise() }],
    ['sendMessage', { sendMessage: () => raise() }],
    ['sendMetadata', { sendMetadata: () => raise() }],
    ['start', { start: () => raise() }],
  ])('gets an answer when %s of a foreign interceptor outside ours throws', async (_what, responder) => {
    const broken: ServerInterceptor = (_descriptor, call) => new ServerInterceptingCall(call, responder);
    const inner: CallEnd[] = [];
    const list = [broken, defineServerInterceptor('inner', () => () => ({ onEnd: (end) => void inner.push(end) }))];
    server = await echoServer(list, answers);
    expect((await run()).code).toBe(status.UNKNOWN);
    if (_what !== 'start') await until(() => inner.length === 1);
  });

  test('delivers the status, text and trailers that bare grpc-js delivers', async () => {
    const trailers = new Metadata();
    trailers.set('large', 'x'.repeat(50_000));
    const failure = { code: 57, details: 'e'.repeat(3_000), metadata: trailers };
    const failing = (call: NodeJS.EventEmitter, callback?: (error: unknown) => void): void =>
      void (callback === undefined ? call.emit('error', failure) : callback(failure));
    const implementation = { echo: failing, serverEcho: failing, clientEcho: failing, bidiEcho: failing } as never;
    for (const list of [[], [hooks({})], [hooks({}), foreign, hooks({})]]) {
      server = await echoServer(list, implementation);
      const { code, details, metadata } = await run();
      expect({ code, text: details.length, large: String(metadata.get('large')).length }).toEqual({
        code: 57,
        text: 3_000,
        large: 50_000,
      });
      server.close();
    }
  });

  test('is answered while a fake clock is installed after the server was made', async () => {
    for (const implementation of [answers, guardHandlers(answers)]) {
      await serve([hooks({ onRequest: async () => undefined })], implementation);
      const client = server.connect();
      await new Promise<void>((resolve, reject) =>
        client.waitForReady(Date.now() + 60_000, (error) => (error ? reject(error) : resolve())),
      );
      vi.useFakeTimers();
      try {
        const call = echoCall(client, kind, texts);
        await call.answered;
      } finally {
        vi.useRealTimers();
      }
      server.close();
    }
  });

  test('says when its handler has settled, even after its end', async () => {
    const order: string[] = [];
    let finish!: () => void;
    const working = new Promise<void>((resolve) => (finish = resolve));
    let running!: () => void;
    const began = new Promise<void>((resolve) => (running = resolve));
    const work = async (): Promise<ReturnType<typeof response>> => {
      running();
      await working;
      return response('late');
    };
    await serve(
      [
        defineServerInterceptor('moments', () => (call) => {
          onStatusChosen(call, () => order.push('chosen'));
          onHandlerSettled(call, () => order.push('settled'));
          return { onEnd: () => void order.push('over') };
        }),
      ],
      implement(EchoServiceService, {
        echo: work,
        clientEcho: work,
        async *serverEcho() {
          yield await work();
        },
        async *bidiEcho() {
          yield await work();
        },
      }),
    );
    const call = echoCall(server.connect(), kind, texts);
    await began;
    call.cancel();
    await call.seen;
    await until(() => order.length === 2);
    finish();
    await until(() => order.length === 3);
    expect(order).toEqual(['chosen', 'over', 'settled']);
  });
});

test('a handler that never ran has settled when its call is refused', async () => {
  const order: string[] = [];
  await serve([
    defineServerInterceptor('moments', () => (call) => {
      onHandlerSettled(call, () => order.push('settled'));
      return { onEnd: () => void order.push('over') };
    }),
    hooks({ admit: () => Promise.reject(new StatusError(status.UNAUTHENTICATED, 'no')) }),
  ]);
  await echoCall(server.connect(), 'unary').seen;
  await until(() => order.length === 2);
  expect(order).toEqual(['settled', 'over']);
});

test('messages that a foreign interceptor sends without waiting all arrive, in order, before the status', async () => {
  const burst: ServerInterceptor = (_descriptor, call) =>
    new ServerInterceptingCall(call, {
      sendMessage: (message, next) => {
        for (const text of ['1', '2', '3', '4']) next({ ...(message as object), text });
      },
    });
  await serve([hooks({ onResponse: async () => undefined }), burst], {
    ...answers,
    serverEcho: ((call: { write(message: unknown): void; end(): void }) => {
      call.write(response('x'));
      call.end();
    }) as never,
  });
  const seen = await echoCall(server.connect(), 'server_stream').seen;
  expect(seen.received.map(({ text }) => text)).toEqual(['1', '2', '3', '4']);
  expect(seen.code).toBe(status.OK);
});

test.each(['cancelled', 'close'])("listeners of '%s' run inside every scope when the client cancels", async (event) => {
  const storage = new AsyncLocalStorage<string>();
  const heard: unknown[] = [];
  for (const list of [[], [foreign]]) {
    heard.length = 0;
    let running!: () => void;
    const began = new Promise<void>((resolve) => (running = resolve));
    const listen = (call: NodeJS.EventEmitter): void => {
      call.on(event, () => heard.push(storage.getStore()));
      running();
    };
    await serve([hooks({ scope: (run) => storage.run('inside', run) }), ...list], {
      ...answers,
      bidiEcho: listen as never,
    });
    const call = echoCall(server.connect(), 'bidi_stream', [{}], { keepOpen: true });
    await began;
    call.cancel();
    await until(() => heard.length > 0);
    expect(heard).toEqual(['inside']);
    server.close();
  }
});

test('a cancellation after the wall clock was set forward is a cancellation', async () => {
  let running!: () => void;
  const began = new Promise<void>((resolve) => (running = resolve));
  await serve([], { ...answers, echo: (() => running()) as never });
  const call = echoCall(server.connect(), 'unary', [{}], { deadline: Date.now() + 3_600_000 });
  await began;
  const real = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => real() + 7_200_000);
  call.cancel();
  await until(() => ends.length === 1);
  expect(ends).toMatchObject([{ code: status.CANCELLED, origin: 'cancelled' }]);
});

function raise(): never {
  throw new Error('secret');
}
