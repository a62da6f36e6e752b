// What @grpc/grpc-js does that surprises, and what this library makes of it. Numbers are those of the list that the
// design rests on. 1 is also held by four-promises.property.test.ts, 15 by the types' tests, 16 and 17 by benchmarks.
import { connect as connectHttp2 } from 'node:http2';
import {
  InterceptingCall,
  Metadata,
  ServerInterceptingCall,
  status,
  type Interceptor,
  type ServerInterceptor,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import {
  callContext,
  defineClientInterceptor,
  defineServerInterceptor,
  errorDetail,
  guardHandlers,
  implement,
  StatusError,
  type CallEnd,
} from 'grpc-js-middleware';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EchoServiceService } from '../src/gen/grpc_js_middleware/testing/v1/echo.js';
import { echoCall, kinds } from './support/echo-call.js';
import { echoServer, type EchoServer } from './support/echo-server.js';
import { until } from './support/until.js';

const response = { text: 'hello', count: 1, payload: Buffer.alloc(0) };
const answering = implement(EchoServiceService, {
  echo: () => response,
  async *serverEcho() {
    yield response;
  },
  async clientEcho(requests) {
    for await (const _request of requests);
    return response;
  },
  async *bidiEcho(requests) {
    for await (const _request of requests) yield response;
  },
});
const foreign: ServerInterceptor = (_descriptor, call) =>
  new ServerInterceptingCall(call, {
    start: (next) => next({ onReceiveMetadata: (metadata, forward) => forward(metadata.clone()) }),
  });

let server: EchoServer;
let ends: CallEnd[];
const record = defineServerInterceptor('record', () => () => ({ onEnd: (end) => void ends.push(end) }));
const serve = async (interceptors: ServerInterceptor[], implementation: UntypedServiceImplementation = answering) =>
  (server = await echoServer([record, ...interceptors], implementation));

beforeEach(() => (ends = []));
afterEach(() => server.close());

describe('2: the first listed is outermost, on both sides', () => {
  test.each(kinds)('%s', async (kind) => {
    const order: string[] = [];
    const onServer = (name: string): ServerInterceptor =>
      defineServerInterceptor(name, () => () => ({
        admit: () => void order.push(`server ${name} in`),
        onStatus: () => void order.push(`server ${name} out`),
      }));
    const onClient = (name: string): Interceptor =>
      defineClientInterceptor(name, () => () => ({
        admit: () => void order.push(`client ${name} out`),
        onStatus: () => void order.push(`client ${name} in`),
      }));
    await serve([onServer('a'), onServer('b')]);
    await echoCall(server.connect({ interceptors: [onClient('a'), onClient('b')] }), kind).seen;
    expect(order.join(', ')).toBe(
      'client a out, client b out, server a in, server b in, server b out, server a out, client b in, client a in',
    );
  });
});

describe('3: a failing handler', () => {
  const failing = {
    'throws at once': () => {
      throw new Error('secret');
    },
    rejects: () => Promise.reject(new Error('secret')),
    'calls back with an error': (_call: unknown, callback: (error: Error) => void) => callback(new Error('secret')),
  };
  test.each(Object.entries(failing))('that %s is heard, and tells nothing', async (_how, echo) => {
    await serve([], guardHandlers({ ...answering, echo: echo as never }));
    const { code, details } = await echoCall(server.connect(), 'unary').seen;
    expect({ code, details }).toEqual({ code: status.UNKNOWN, details: 'Unknown error' });
    expect(ends).toMatchObject([{ code: status.UNKNOWN, origin: 'handler', error: new Error('secret') }]);
  });
});

test('4: details too large for a trailer are dropped; the call does not hang, nor its connection', async () => {
  await serve([], {
    ...answering,
    echo: ((_call: unknown, callback: (error: unknown) => void) =>
      callback(
        new StatusError(status.INTERNAL, 'x'.repeat(100_000), {
          errorDetails: [
            errorDetail.debugInfo({ stackEntries: ['y'.repeat(100_000)], detail: '' }),
            errorDetail.retryInfo({ retryDelayMs: 5 }),
          ],
        }),
      )) as never,
  });
  const client = server.connect();
  const { code, metadata } = await echoCall(client, 'unary').seen;
  expect(code).toBe(status.INTERNAL);
  const error = StatusError.from(Object.assign(new Error(), { code, details: '', metadata }));
  expect(error.errorDetails).toEqual([{ type: 'retryInfo', retryDelayMs: 5 }]);
  expect((await echoCall(client, 'server_stream').seen).code).toBe(status.OK);
});

describe('5: an upload that is cancelled', () => {
  test.each(['client_stream', 'bidi_stream'] as const)('%s is never mistaken for a finished one', async (kind) => {
    const outcomes: string[] = [];
    let reading!: () => void;
    let read = new Promise<void>((resolve) => (reading = resolve));
    async function consume(requests: AsyncIterable<unknown>): Promise<void> {
      try {
        for await (const _request of requests) reading();
        outcomes.push('finished');
      } catch (error) {
        outcomes.push(`threw ${(error as StatusError).code}`);
        throw error;
      }
    }
    await serve(
      [],
      implement(EchoServiceService, {
        echo: () => response,
        async *serverEcho() {},
        async clientEcho(requests) {
          await consume(requests);
          return response;
        },
        async *bidiEcho(requests) {
          await consume(requests);
          yield response;
        },
      }),
    );
    const client = server.connect();
    for (let round = 1; round <= 20; round++) {
      const call = echoCall(client, kind, [{}], { keepOpen: true });
      await read;
      read = new Promise<void>((resolve) => (reading = resolve));
      call.cancel();
      await until(() => outcomes.length === round);
    }
    expect(new Set(outcomes)).toEqual(new Set([`threw ${status.CANCELLED}`]));
    expect((await echoCall(client, kind, [{}, {}]).seen).code).toBe(status.OK);
    expect(outcomes.at(-1)).toBe('finished');
  });
});

test('6, 7: one context, found from every layer and from the handler, behind interceptors that clone', async () => {
  const found = new Set<unknown>();
  const find = defineServerInterceptor('find', () => (call) => void found.add(call));
  await serve([foreign, find, foreign, find, foreign], {
    ...answering,
    echo: ((call: never, callback: (error: null, value: unknown) => void) => {
      found.add(callContext(call));
      callback(null, response);
    }) as never,
  });
  expect((await echoCall(server.connect(), 'unary').seen).code).toBe(status.OK);
  expect(found.size).toBe(1);
});

test('7: an exact end is seen behind a foreign outermost interceptor too', async () => {
  server = await echoServer([foreign, record], answering, { 'grpc.max_receive_message_length': 100 });
  await echoCall(server.connect(), 'unary', [{ payload: Buffer.alloc(500) }]).seen;
  expect(ends).toMatchObject([{ code: status.RESOURCE_EXHAUSTED, origin: 'transport' }]);
});

test('8: response headers do not keep the built-in retry from retrying an error', async () => {
  let attempts = 0;
  const headers = defineServerInterceptor('headers', () => (call) => ({
    admit: () => void call.responseHeaders.set('x-head', '1'),
  }));
  await serve([headers], {
    ...answering,
    echo: ((_call: unknown, callback: (error: unknown, value?: unknown) => void) =>
      ++attempts < 3 ? callback({ code: status.UNAVAILABLE, details: 'later' }) : callback(null, response)) as never,
  });
  const retryPolicy = {
    maxAttempts: 4,
    initialBackoff: '0.001s',
    maxBackoff: '0.001s',
    backoffMultiplier: 1,
    retryableStatusCodes: ['UNAVAILABLE'],
  };
  const client = server.connect({
    'grpc.service_config': JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] }),
  });
  expect((await echoCall(client, 'unary').seen).code).toBe(status.OK);
  expect(attempts).toBe(3);
});

test('9: a deadline closes the generator of a client that does not read', async () => {
  let closed = false;
  const payload = Buffer.alloc(100_000);
  await serve(
    [],
    implement(EchoServiceService, {
      ...(answering as never as Parameters<typeof implement<typeof EchoServiceService>>[1]),
      async *serverEcho() {
        try {
          for (;;) yield { ...response, payload };
        } finally {
          closed = true;
        }
      },
    }),
  );
  const session = connectHttp2(`http://127.0.0.1:${server.port}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': EchoServiceService.serverEcho.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': '30m',
  });
  stream.on('error', () => undefined);
  stream.end(Buffer.from([0, 0, 0, 0, 0]));
  stream.pause();
  await until(() => closed);
  session.destroy();
  await until(() => ends.length === 1);
  expect(ends[0]).toMatchObject({ code: expect.any(Number), origin: expect.stringMatching(/deadline|cancelled/) });
});

test('10: leaving the loop over requests early does not end the call', async () => {
  await serve(
    [],
    implement(EchoServiceService, {
      ...(answering as never as Parameters<typeof implement<typeof EchoServiceService>>[1]),
      async *bidiEcho(requests) {
        for await (const _request of requests) break;
        yield response;
        yield response;
      },
    }),
  );
  const { code, received } = await echoCall(server.connect(), 'bidi_stream', [{}, {}, {}]).seen;
  expect({ code, received: received.length }).toEqual({ code: status.OK, received: 2 });
});

test('10: a listener that throws, even late, ends its call and nothing else', async () => {
  const listening = (call: NodeJS.ReadableStream): void => {
    let count = 0;
    call.on('data', () => {
      if (++count === 2) throw new Error('secret');
    });
  };
  await serve([], guardHandlers({ ...answering, clientEcho: listening as never, bidiEcho: listening as never }));
  for (const kind of ['client_stream', 'bidi_stream'] as const) {
    expect(await echoCall(server.connect(), kind, [{}, {}, {}], { keepOpen: true }).seen).toMatchObject({
      code: status.UNKNOWN,
      details: 'Unknown error',
    });
  }
});

test("11: a failed unary call's null is no message; a caller's metadata serves many calls", async () => {
  const clientEnds: CallEnd[] = [];
  const onClient = defineClientInterceptor('record', () => (call) => ({
    admit: () => void call.metadata.add('x-once', '1'),
    onEnd: (end) => void clientEnds.push(end),
  }));
  const values: number[] = [];
  await serve(
    [defineServerInterceptor('count', () => (call) => void values.push(call.metadata.get('x-once').length))],
    {
      ...answering,
      echo: ((_call: unknown, callback: (error: unknown) => void) => callback({ code: 5, details: 'no' })) as never,
    },
  );
  const metadata = new Metadata();
  const client = server.connect({ interceptors: [onClient] });
  for (let i = 0; i < 2; i++) await echoCall(client, 'unary', [{}], { metadata }).seen;
  expect(clientEnds.map(({ received }) => received)).toEqual([0, 0]);
  expect(values).toEqual([1, 1]);
});

test('11: a call that admit refuses leaves no timer of its deadline', async () => {
  await serve([]);
  const refuse = defineClientInterceptor('refuse', () => () => ({
    admit: () => Promise.reject(new StatusError(status.ABORTED, 'no')),
  }));
  const client = server.connect({ interceptors: [refuse] });
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  for (let i = 0; i < 20; i++) await echoCall(client, 'unary', [{}], { deadline: Date.now() + 3_600_000 }).seen;
  expect(timers() - before).toBeLessThan(5);
});

test('12: the peer is known after the connection is gone', async () => {
  const peers: string[] = [];
  await serve([defineServerInterceptor('peer', () => (call) => ({ onEnd: () => void peers.push(call.peer) }))], {
    ...answering,
    echo: (() => undefined) as never,
  });
  const client = server.connect();
  const call = echoCall(client, 'unary');
  await until(() => ends.length === 0 && server.server !== undefined);
  call.cancel();
  client.close();
  await call.seen;
  await new Promise((resolve) => server.server.tryShutdown(resolve));
  await until(() => peers.length === ends.length);
  for (const peer of peers) expect(peer).toMatch(/^127\.0\.0\.1:\d+$/);
});

test('14: a refusal that comes after the cancel changes nothing; messages that hooks delay stay in order', async () => {
  let refuse!: () => void;
  const late = defineServerInterceptor('late', (method) => () => ({
    admit: () =>
      method.kind === 'unary'
        ? new Promise<void>(
            (_resolve, reject) => (refuse = () => reject(new StatusError(status.UNAUTHENTICATED, 'late'))),
          )
        : undefined,
    onRequest: async (message) => {
      for (let turns = (message as { count: number }).count; turns > 0; turns--) await new Promise(setImmediate);
    },
  }));
  const texts: string[] = [];
  await serve(
    [late],
    implement(EchoServiceService, {
      ...(answering as never as Parameters<typeof implement<typeof EchoServiceService>>[1]),
      async clientEcho(requests) {
        for await (const { text } of requests) texts.push(text);
        return response;
      },
    }),
  );
  const client = server.connect();
  const call = echoCall(client, 'unary');
  await until(() => refuse !== undefined);
  call.cancel();
  await until(() => ends.length === 1);
  refuse();
  const slowFirst = [4, 3, 2, 1].map((count) => ({ text: String(count), count }));
  expect((await echoCall(client, 'client_stream', slowFirst).seen).code).toBe(status.OK);
  expect(texts).toEqual(['4', '3', '2', '1']);
  expect(ends[0]).toMatchObject({ code: status.CANCELLED, origin: 'cancelled' });
});

test('a foreign client interceptor between ours changes nothing of what they share', async () => {
  await serve([]);
  const seen: unknown[] = [];
  const own = defineClientInterceptor('own', () => (call) => ({
    onEnd: ({ code }) => void seen.push([code, call.attempt]),
  }));
  const between: Interceptor = (options, nextCall) => new InterceptingCall(nextCall(options));
  await echoCall(server.connect({ interceptors: [own, between, own] }), 'unary').seen;
  expect(seen).toEqual([
    [status.OK, 1],
    [status.OK, 1],
  ]);
});
