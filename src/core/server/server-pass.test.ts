import { AsyncLocalStorage } from 'node:async_hooks';
import { connect as connectHttp2, constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import {
  Metadata,
  ServerInterceptingCall,
  status,
  type ServerInterceptor,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { echoCall, kinds, type Seen } from '../../../test/support/echo-call.js';
import { collectGarbage } from '../../../test/support/collect-garbage.js';
import { echoServer, type EchoServer } from '../../../test/support/echo-server.js';
import { until } from '../../../test/support/until.js';
import { EchoServiceService, type EchoRequest } from '../../gen/grpc_js_middleware/testing/v1/echo.js';
import { contextKey } from '../context-key.js';
import { callContext, currentCall, tryCurrentCall, type ServerCallContext } from '../context.js';
import { defineServerInterceptor } from '../define.js';
import type { CallEnd, ServerHooks } from '../hooks.js';
import type { CallKind } from '../method.js';
import { StatusError } from '../status/status-error.js';

/** Plain grpc-js handlers of all four kinds, which answer each request with its text. */
function echo(onCall: (call: unknown) => void = () => undefined): UntypedServiceImplementation {
  return {
    echo(call: { request: EchoRequest }, callback: (error: null, response: unknown) => void) {
      onCall(call);
      callback(null, { text: call.request.text, count: 1, payload: Buffer.alloc(0) });
    },
    serverEcho(call: { request: EchoRequest; write(message: unknown): void; end(): void }) {
      onCall(call);
      for (let count = 1; count <= 3; count++) call.write({ text: call.request.text, count, payload: Buffer.alloc(0) });
      call.end();
    },
    clientEcho(call: NodeJS.EventEmitter, callback: (error: null, response: unknown) => void) {
      onCall(call);
      const texts: string[] = [];
      call.on('data', ({ text }: EchoRequest) => texts.push(text));
      call.on('end', () => callback(null, { text: texts.join(), count: texts.length, payload: Buffer.alloc(0) }));
    },
    bidiEcho(call: NodeJS.EventEmitter & { write(message: unknown): void; end(): void }) {
      onCall(call);
      call.on('data', ({ text }: EchoRequest) => call.write({ text, count: 1, payload: Buffer.alloc(0) }));
      call.on('end', () => call.end());
    },
  };
}

const hooks = (own: ServerHooks, name = 'test'): ServerInterceptor => defineServerInterceptor(name, () => () => own);

let server: EchoServer;
let ends: CallEnd[];
const recordEnds = defineServerInterceptor('record', () => () => ({ onEnd: (end) => void ends.push(end) }));

async function serve(interceptors: ServerInterceptor[], implementation = echo()): Promise<EchoServer> {
  server = await echoServer([recordEnds, ...interceptors], implementation);
  return server;
}

async function call(kind: CallKind, texts = ['a', 'b'], options: Parameters<typeof echoCall>[3] = {}): Promise<Seen> {
  const seen = await echoCall(
    server.connect(),
    kind,
    texts.map((text) => ({ text })),
    options,
  ).seen;
  await until(() => ends.length > 0);
  return seen;
}

beforeEach(() => {
  ends = [];
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(() => {
  server.close();
  vi.restoreAllMocks();
});

const received = { unary: 1, server_stream: 1, client_stream: 2, bidi_stream: 2 };
const sent = { unary: 1, server_stream: 3, client_stream: 1, bidi_stream: 2 };

describe.each(kinds)('a %s call', (kind) => {
  test('ends once, with its messages counted', async () => {
    await serve([]);
    expect((await call(kind)).code).toBe(status.OK);
    expect(ends).toEqual([
      {
        code: status.OK,
        details: 'OK',
        durationMs: expect.any(Number) as number,
        received: received[kind],
        sent: sent[kind],
        origin: 'handler',
        error: undefined,
      },
    ]);
  });

  test('shows its context to hooks, to the handler and to what it awaits', async () => {
    const tenant = contextKey('tenant', 'none');
    const found: unknown[] = [];
    await serve(
      [defineServerInterceptor('tenant', () => (context) => ({ admit: () => context.set(tenant, 'acme') }))],
      echo((handled) => {
        found.push(callContext(handled as never).get(tenant), currentCall().get(tenant));
        setImmediate(() => found.push(currentCall().method.kind));
      }),
    );
    await call(kind);
    expect(found).toEqual(['acme', 'acme', kind]);
    expect(tryCurrentCall()).toBeUndefined();
  });

  test('knows peer, authority, metadata, attempts and deadline', async () => {
    let seen: unknown;
    const metadata = new Metadata();
    metadata.set('x-a', '1');
    metadata.set('grpc-previous-rpc-attempts', '2');
    const deadline = Date.now() + 60_000;
    await serve([
      defineServerInterceptor('look', () => (context) => ({
        admit() {
          seen = {
            peer: context.peer,
            authority: context.authority,
            header: context.metadata.get('x-a'),
            attempts: context.previousAttempts,
            certificate: context.peerCertificate,
            near: Math.abs(context.deadline - deadline) < 1_000,
          };
        },
      })),
    ]);
    await call(kind, ['a'], { metadata, deadline });
    expect(seen).toEqual({
      peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      authority: `127.0.0.1:${server.port}`,
      header: ['1'],
      attempts: 2,
      certificate: undefined,
      near: true,
    });
  });

  test('is refused by an admit that throws, or rejects later; the handler never runs', async () => {
    for (const later of [false, true]) {
      ends = [];
      let ran = false;
      await serve(
        [
          hooks({
            admit() {
              const refusal = new StatusError(status.UNAUTHENTICATED, 'who are you?');
              if (later) return new Promise((_resolve, reject) => setImmediate(() => reject(refusal)));
              throw refusal;
            },
          }),
        ],
        echo(() => (ran = true)),
      );
      const { code, details } = await call(kind);
      expect({ code, details, ran }).toEqual({ code: status.UNAUTHENTICATED, details: 'who are you?', ran: false });
      expect(ends).toMatchObject([{ code: status.UNAUTHENTICATED, origin: 'interceptor', sent: 0 }]);
      server.close();
    }
  });

  test('carries messages that hooks replaced, at once or later', async () => {
    await serve([
      hooks({ onRequest: (message) => ({ ...(message as object), text: 'inner' }) }),
      hooks({ onResponse: async (message) => ({ ...(message as object), text: `${(message as EchoRequest).text}!` }) }),
    ]);
    const { code, received: responses } = await call(kind);
    expect(code).toBe(status.OK);
    expect(responses.map(({ text }) => text).join()).toMatch(/^inner/);
    expect(responses.every(({ text }) => text.endsWith('!'))).toBe(true);
  });

  test('sends response headers with its first message and trailers with its status', async () => {
    await serve([
      defineServerInterceptor('headers', () => (context) => ({
        admit() {
          context.responseHeaders.set('x-head', 'h');
          context.responseTrailers.set('x-trail', 't');
        },
      })),
    ]);
    const { headers, metadata } = await call(kind, ['a']);
    expect(headers.map((each) => each.get('x-head'))).toEqual([['h']]);
    expect([metadata.get('x-trail'), metadata.get('x-head')]).toEqual([['t'], []]);
  });

  test('leaves out headers and trailers on which HTTP/2 throws', async () => {
    await serve([
      defineServerInterceptor('headers', () => (context) => ({
        admit() {
          context.responseHeaders.set('connection', 'close');
          context.responseHeaders.set('x-head', 'h');
          context.responseTrailers.set('transfer-encoding', 'chunked');
          context.responseTrailers.set('x-trail', 't');
        },
      })),
    ]);
    const { code, headers, metadata } = await call(kind);
    expect({ code, trail: metadata.get('x-trail') }).toEqual({ code: status.OK, trail: ['t'] });
    expect(headers.map((each) => [each.get('connection'), each.get('x-head')])).toEqual([[[], ['h']]]);
  });

  test('ends at a deadline that an interceptor set, though its handler goes on', async () => {
    let reason: unknown;
    await serve(
      [
        defineServerInterceptor('limit', () => (context) => ({
          admit() {
            context.signal.addEventListener('abort', () => (reason = context.signal.reason));
            context.limitDeadline(Date.now() + 5);
          },
        })),
      ],
      { echo() {}, serverEcho() {}, clientEcho() {}, bidiEcho() {} },
    );
    const { code, details } = await call(kind, ['a'], { keepOpen: true });
    expect({ code, details }).toEqual({ code: status.DEADLINE_EXCEEDED, details: 'Deadline exceeded' });
    expect(reason).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(ends).toMatchObject([{ code: status.DEADLINE_EXCEEDED, origin: 'deadline' }]);
  });

  test.each<[string, ServerHooks]>([
    ['onHeaders throws', { onHeaders: () => raise() }],
    ['onStatus throws', { onStatus: () => raise() }],
    ['onEnd throws', { onEnd: () => raise() }],
    ['onEnd rejects', { onEnd: async () => raise() }],
    ['onStatus returns no status', { onStatus: (() => 7) as never }],
  ])('goes on unharmed when %s', async (_what, broken) => {
    await serve([hooks(broken)]);
    expect((await call(kind)).code).toBe(status.OK);
    expect(ends).toHaveLength(1);
  });

  test.each<[string, ServerInterceptor]>([
    ['a definition throws', defineServerInterceptor('broken', () => raise())],
    ['a definition answers nonsense', defineServerInterceptor('broken', (() => 7) as never)],
    ['begin throws', defineServerInterceptor('broken', () => () => raise())],
    ['begin returns a string', defineServerInterceptor('broken', (() => () => 'hooks') as never)],
    ['begin is async', defineServerInterceptor('broken', (() => async () => raise()) as never)],
    ['admit throws', hooks({ admit: () => raise() })],
    ['admit rejects with nothing', hooks({ admit: () => Promise.reject(undefined) })],
    ['onRequest throws', hooks({ onRequest: () => raise() })],
    ['onRequest rejects', hooks({ onRequest: async () => raise() })],
    ['onResponse throws', hooks({ onResponse: () => raise() })],
    ['onResponse rejects', hooks({ onResponse: async () => raise() })],
    ['a hook is no function', hooks({ onRequest: 7 as never })],
    ['scope throws', hooks({ scope: () => raise() })],
    ['scope forgets to run', hooks({ scope: () => undefined as never })],
  ])('ends with UNKNOWN, without the message, when %s', async (_what, broken) => {
    await serve([broken]);
    const { code, details } = await call(kind);
    expect({ code, details }).toEqual({ code: status.UNKNOWN, details: 'Unknown error' });
    expect(ends).toMatchObject([{ code: status.UNKNOWN, origin: 'interceptor' }]);
  });

  test('asks outer onError hooks for what to send, inner ones first; a broken one changes nothing', async () => {
    const asked: string[] = [];
    await serve([
      hooks({ onError: (error) => (asked.push(`outer ${(error as Error).message}`), undefined) }),
      hooks({
        onError(error) {
          asked.push(`middle ${(error as Error).message}`);
          return new StatusError(status.ABORTED, 'translated');
        },
      }),
      hooks({ onError: (error) => (asked.push(`inner ${(error as Error).message}`), 'nonsense' as never) }),
      hooks({ admit: () => raise(), onError: () => raise() }),
    ]);
    expect(await call(kind)).toMatchObject({ code: status.ABORTED, details: 'translated' });
    expect(asked).toHaveLength(3);
    expect(ends[0]!.error).toEqual(new Error('secret'));
  });

  test('enters scopes around user code, the first listed outermost, and runs it once', async () => {
    const order: string[] = [];
    let runs = 0;
    const storage = new AsyncLocalStorage<string>();
    const scope = (name: string): ServerInterceptor =>
      hooks({
        scope: (run) =>
          storage.run(`${storage.getStore() ?? ''}${name}`, () => {
            run();
            return run();
          }),
      });
    await serve(
      [scope('a'), scope('b')],
      echo(() => {
        runs++;
        order.push(storage.getStore() ?? 'outside');
      }),
    );
    expect((await call(kind)).code).toBe(status.OK);
    expect({ order, runs }).toEqual({ order: ['ab'], runs: 1 });
  });

  test('costs nothing where an interceptor has nothing to do', async () => {
    await serve([
      defineServerInterceptor('elsewhere', () => undefined),
      defineServerInterceptor('idle', () => () => undefined),
    ]);
    expect((await call(kind)).code).toBe(status.OK);
    expect(ends).toHaveLength(1);
  });
});

function raise(): never {
  throw new Error('secret');
}

test('a foreign interceptor that throws in its listener ends the call, not the process', async () => {
  const thrower: ServerInterceptor = (_descriptor, inner) =>
    new ServerInterceptingCall(inner, {
      start: (next) => next({ onReceiveMessage: () => raise() }),
    });
  await serve([thrower]);
  expect(await call('unary')).toMatchObject({ code: status.UNKNOWN, details: 'Unknown error' });
});

test('an error text with lone surrogates and control characters arrives', async () => {
  await serve([hooks({ admit: () => Promise.reject(new StatusError(status.INTERNAL, 'a\ud800b\u0000\n')) })]);
  expect(await call('unary')).toMatchObject({ code: status.INTERNAL, details: 'a\ufffdb\u0000\n' });
});

test('a handler that calls back twice is heard once', async () => {
  await serve([], {
    ...echo(),
    echo: ((_call: unknown, callback: (error: unknown, value?: unknown) => void) => {
      callback(null, { text: 'first', count: 1, payload: Buffer.alloc(0) });
      callback(new Error('second'));
    }) as never,
  });
  await call('unary');
  expect(ends).toHaveLength(1);
});

test('a deadline may only move earlier, and NaN does not move it', async () => {
  const deadlines: number[] = [];
  await serve([
    defineServerInterceptor('limit', () => (context) => ({
      admit() {
        context.limitDeadline(2_000_000_000_000);
        context.limitDeadline(3_000_000_000_000);
        context.limitDeadline(Number.NaN);
        deadlines.push(context.deadline);
      },
    })),
  ]);
  expect((await call('unary')).code).toBe(status.OK);
  expect(deadlines).toEqual([2_000_000_000_000]);
});

test('an error stays Trailers-Only, so that the client may retry it', async () => {
  await serve(
    [
      defineServerInterceptor('headers', () => (context) => ({
        admit: () => void context.responseHeaders.set('x-head', 'h'),
        onStatus: () => undefined,
      })),
    ],
    {
      ...echo(),
      echo: ((_call: unknown, callback: (error: unknown) => void) => callback({ code: 14, details: 'later' })) as never,
    },
  );
  let headers = 0;
  const client = server.connect();
  await new Promise<void>((resolve) => {
    const unary = client.echo({} as EchoRequest, () => resolve());
    unary.on('metadata', (metadata: Metadata) => (headers += metadata.get('x-head').length));
  });
  expect(headers).toBe(0);
});

test('a message that cannot be serialised was not sent', async () => {
  const unserialisable = {
    get text(): string {
      throw new Error('secret');
    },
  };
  await serve([], {
    ...echo(),
    serverEcho: ((call: { write(message: unknown): void; end(): void }) => {
      call.write({ text: 'good', count: 1, payload: Buffer.alloc(0) });
      call.write(unserialisable);
      call.end();
    }) as never,
  });
  expect(await call('server_stream')).toMatchObject({ code: status.INTERNAL, details: 'Error serializing response' });
  expect(ends).toMatchObject([{ code: status.INTERNAL, origin: 'transport', sent: 1 }]);
});

test('a status that never left, because the client did not read and went away, is CANCELLED', async () => {
  let context!: ServerCallContext;
  const payload = Buffer.alloc(100_000);
  await serve([defineServerInterceptor('hold', () => (own) => void (context = own))], {
    ...echo(),
    serverEcho: ((call: { write(message: unknown): void }) =>
      void call.write({ text: '', count: 1, payload })) as never,
  });
  const session = connectHttp2(`http://127.0.0.1:${server.port}`, { settings: { initialWindowSize: 10 } });
  const stream = session.request({
    ':method': 'POST',
    ':path': EchoServiceService.serverEcho.path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => undefined);
  stream.end(Buffer.from([0, 0, 0, 0, 0]));
  stream.pause();
  await new Promise((resolve) => stream.once('response', resolve));
  context.end(new StatusError(status.ABORTED, 'enough'));
  expect(context.signal.aborted).toBe(true);
  expect(ends).toEqual([]);
  stream.close(constants.NGHTTP2_CANCEL);
  await until(() => ends.length === 1);
  session.destroy();
  expect(ends).toMatchObject([{ code: status.CANCELLED, origin: 'cancelled' }]);
});

test.each(kinds)('%s: hooks are let go when the call is over, however long the call itself is kept', async (kind) => {
  const kept: ServerCallContext[] = [];
  const made: WeakRef<ServerHooks>[] = [];
  const watch = defineServerInterceptor('watch', () => (call) => {
    const own: ServerHooks = { onEnd() {} };
    kept.push(call);
    made.push(new WeakRef(own));
    return own;
  });
  await serve([watch]);
  await call(kind);

  await collectGarbage();
  expect(made.map((each) => each.deref())).toEqual([undefined]);
  expect(kept).toHaveLength(1);
});

/** Keeps grpc-js's call weakly and its HTTP/2 stream as HTTP/2 does, for those who ask. */
function watchTransport(): { interceptor: ServerInterceptor; bases: WeakRef<object>[]; streams: Duplex[] } {
  const bases: WeakRef<object>[] = [];
  const streams: Duplex[] = [];
  const interceptor: ServerInterceptor = (_descriptor, layer) => {
    const { nextCall } = layer as unknown as { nextCall: { stream: Duplex } };
    bases.push(new WeakRef(nextCall));
    streams.push(nextCall.stream);
    return new ServerInterceptingCall(layer);
  };
  return { interceptor, bases, streams };
}

test.each(kinds)(
  '%s: a stream that has closed leads to nothing of its call, however long HTTP/2 keeps it',
  async (kind) => {
    const { interceptor, bases, streams } = watchTransport();
    await serve([interceptor]);
    await call(kind);
    await until(() => streams[0]?.closed === true);

    await collectGarbage();
    expect(bases.map((each) => each.deref())).toEqual([undefined]);
    expect(streams).toHaveLength(1);
  },
);

test.each(kinds)(
  "%s: a handler's call that is over leads to nothing of HTTP/2, still says who called, and sends nothing",
  async (kind) => {
    const { interceptor, bases, streams } = watchTransport();
    const kept: (ServerUnaryCall<unknown, unknown> & { cancelled: boolean })[] = [];
    const peers: string[] = [];
    await serve(
      [interceptor],
      echo((each) => {
        kept.push(each as (typeof kept)[number]);
        peers.push((each as (typeof kept)[number]).getPeer());
      }),
    );
    await call(kind);
    await until(() => streams[0]?.closed === true);
    streams.length = 0;

    await collectGarbage();
    expect(bases.map((each) => each.deref())).toEqual([undefined]);
    const [over] = kept;
    expect(peers[0]).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(over!.getPeer()).toBe(peers[0]);
    expect(callContext(over!).peer).toBe(peers[0]);
    expect(callContext(over!).authority).toBe(over!.getHost());
    expect(over!.getHost()).toMatch(/^127\.0\.0\.1:/);
    expect(over!.getDeadline()).toBe(Infinity);
    expect(over!.getAuthContext()).toEqual({});
    expect(() => over!.sendMetadata(new Metadata())).not.toThrow();
    callContext(over!).end(new StatusError(status.ABORTED, 'too late'));
    expect(ends).toMatchObject([{ code: status.OK }]);
  },
);

test.each(kinds)(
  '%s: what belongs to the handler is let go when the call is over, however long HTTP/2 keeps its stream',
  async (kind) => {
    const streams: unknown[] = [];
    const calls: WeakRef<object>[] = [];
    const keepStream: ServerInterceptor = (_descriptor, call) => {
      streams.push((call as unknown as { nextCall: { stream: unknown } }).nextCall.stream);
      return new ServerInterceptingCall(call);
    };
    await serve(
      [keepStream, defineServerInterceptor('watch', () => () => ({}))],
      echo((each) => calls.push(new WeakRef(each as object))),
    );
    await call(kind);
    await until(() => ends.length === 1);

    await collectGarbage();
    expect(calls.map((each) => each.deref())).toEqual([undefined]);
    expect(streams).toHaveLength(1);
  },
);
