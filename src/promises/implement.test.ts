import { status, type Metadata } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { currentCall, defineServerInterceptor, StatusError, type ServerCallContext } from '../core/index.js';
import {
  EchoResponse,
  EchoRequest,
  EchoServiceService,
  collect,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../testing/index.js';
import { implement } from './index.js';

let running: TestServer | undefined;
const start = async (options?: TestServerOptions): Promise<TestServer> => (running = await startTestServer(options));
const request = (text = '') => EchoRequest.fromPartial({ text });
const response = (text = '') => EchoResponse.fromPartial({ text });
const respond = () => response();
/** A handler that breaks its type's promise, as one written in JavaScript may. */
const untyped = <T>(handler: unknown): T => handler as T;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** What each of the four kinds comes to: the texts of its responses, or the status. */
async function callAll({ client }: TestServer): Promise<unknown[]> {
  const outcome = (call: Promise<unknown>) =>
    call.catch((error: StatusError) => `${status[error.code]} ${error.details}`);
  const texts = (replies: AsyncIterable<EchoResponse>) =>
    collect(replies).then((all) => all.map((each) => each.text).join(' '));
  return [
    await outcome(client.echo(request('a')).then((reply) => reply.text)),
    await outcome(texts(client.serverEcho(request('b')))),
    await outcome(client.clientEcho([request('c'), request('d')]).then((reply) => reply.text)),
    await outcome(texts(client.bidiEcho([request('e'), request('f')]))),
  ];
}

describe('handlers', () => {
  test('are given the request and the context of the call', async () => {
    const seen: ServerCallContext[] = [];
    const see = (call: ServerCallContext): string => {
      expect(currentCall()).toBe(call);
      seen.push(call);
      return call.method.kind;
    };
    const server = await start({
      handlers: {
        echo: async ({ text }, call) => response(text + see(call)),
        async *serverEcho({ text }, call) {
          yield response(text + see(call));
        },
        clientEcho: async (requests, call) => response((await collect(requests)).length + see(call)),
        async *bidiEcho(requests, call) {
          for await (const { text } of requests) yield response(text + see(call));
        },
      },
    });
    expect(await callAll(server)).toEqual(['aunary', 'bserver_stream', '2client_stream', 'ebidi_stream fbidi_stream']);
    expect(seen.map((call) => call.method.name)).toEqual(['Echo', 'ServerEcho', 'ClientEcho', 'BidiEcho', 'BidiEcho']);
  });

  test('may answer without a promise, with arrays, sync generators and promises of iterables', async () => {
    const server = await start({
      handlers: {
        echo: () => response('now'),
        serverEcho: () => [response('1'), response('2')],
        clientEcho: () => response('unread'),
        bidiEcho: async (requests) => (await collect(requests)).map(({ text }) => response(text)),
      },
    });
    expect(await callAll(server)).toEqual(['now', '1 2', 'unread', 'e f']);
  });

  test('are called as methods of the object that holds them', async () => {
    class Handlers {
      readonly #greeting = 'hi';
      echo(): EchoResponse {
        return response(this.#greeting);
      }
    }
    const handlers = Object.assign(new Handlers(), { serverEcho: () => [], clientEcho: respond, bidiEcho: () => [] });
    const { client } = await start({ implementation: implement(EchoServiceService, handlers) });
    expect((await client.echo(request())).text).toBe('hi');
  });

  test('run inside the scopes of interceptors, which are not entered again for each message', async () => {
    const entered: string[] = [];
    const scoping = defineServerInterceptor('scope', (method) => () => ({
      scope: (run) => (entered.push(method.name), run()),
    }));
    const { client } = await start({ interceptors: [scoping] });
    const times = async (count: number): Promise<number> => {
      entered.length = 0;
      await collect(client.bidiEcho(Array.from({ length: count }, () => request())));
      return entered.length;
    };
    expect(await times(30)).toBe(await times(1));
  });

  test('send headers and trailers', async () => {
    const headers: unknown[] = [];
    const trailers: unknown[] = [];
    const note = (call: ServerCallContext): EchoResponse => {
      call.responseHeaders.set('x-head', call.method.name);
      call.responseTrailers.set('x-tail', call.method.name);
      return response();
    };
    const { client } = await start({
      handlers: {
        echo: async (_, call) => note(call),
        async *serverEcho(_, call) {
          yield note(call);
        },
      },
    });
    const options = {
      onHeaders: (each: Metadata) => headers.push(each.get('x-head')),
      onTrailers: (each: Metadata) => trailers.push(each.get('x-tail')),
    };
    await client.echo(request(), options);
    await collect(client.serverEcho(request(), options));
    expect(headers).toEqual([['Echo'], ['ServerEcho']]);
    expect(trailers).toEqual([['Echo'], ['ServerEcho']]);
  });
});

describe('errors', () => {
  const failures: [string, unknown][] = [
    ['an error', new Error('secret')],
    ['undefined', undefined],
    ['null', null],
    ['a string', 'secret'],
  ];
  test.each(failures)('%s thrown or rejected goes through onError', async (_, thrown) => {
    const seen: unknown[] = [];
    const mapping = defineServerInterceptor('map', () => () => ({
      onError: (error) => {
        seen.push(error);
        return new StatusError(status.ABORTED, 'mapped');
      },
    }));
    const server = await start({
      interceptors: [mapping],
      handlers: {
        echo: () => Promise.reject(thrown),
        async *serverEcho() {
          yield response('first');
          throw thrown;
        },
        clientEcho: () => {
          throw thrown;
        },
        bidiEcho: () => {
          throw thrown;
        },
      },
    });
    expect(await callAll(server)).toEqual(Array(4).fill('ABORTED mapped'));
    expect(seen).toEqual(Array(4).fill(thrown));
  });

  test('of unknown kind never show their message', async () => {
    const server = await start({
      handlers: {
        echo: async () => Promise.reject(new Error('secret')),
        serverEcho: async () => Promise.reject(new Error('secret')),
        clientEcho: async () => Promise.reject(new Error('secret')),
        async *bidiEcho(requests) {
          yield* await Promise.reject<EchoResponse[]>(new Error(`secret ${typeof requests}`));
        },
      },
    });
    expect(await callAll(server)).toEqual(Array(4).fill('UNKNOWN Unknown error'));
  });

  const nothing = 'INTERNAL The handler gave no response message';
  const noStream = 'INTERNAL The handler returned no stream of messages';
  const wrongResults: [string, unknown, string, string][] = [
    ['undefined', undefined, nothing, noStream],
    ['null', null, nothing, noStream],
    ['a number', 7, nothing, noStream],
    ['a string', 'abc', nothing, noStream],
    ['a function', () => response(), nothing, noStream],
    ['an object that is no iterable', response('x'), 'x', noStream],
  ];
  test.each(wrongResults)('tell of a handler that returns %s', async (_, result, single, streamed) => {
    const handler = () => untyped<never>(result);
    const server = await start({
      handlers: {
        echo: handler,
        serverEcho: async () => handler(),
        clientEcho: async () => handler(),
        bidiEcho: handler,
      },
    });
    expect(await callAll(server)).toEqual([single, streamed, single, streamed]);
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
  ])('tell of a generator that yields %s, and close it', async (_, message) => {
    const closed = vi.fn();
    async function* wrong() {
      try {
        yield untyped<EchoResponse>(message);
      } finally {
        closed();
      }
    }
    const { client, events } = await start({ handlers: { serverEcho: wrong, bidiEcho: wrong } });
    await expect(collect(client.serverEcho(request()))).rejects.toMatchObject({ code: status.INTERNAL });
    await expect(collect(client.bidiEcho([]))).rejects.toMatchObject({ code: status.INTERNAL });
    expect(closed).toHaveBeenCalledTimes(2);
    const end = await events.until({ side: 'server', hook: 'onEnd' });
    expect((end.error as Error).cause).toBeInstanceOf(TypeError);
  });

  test('of iterables that break the protocol are caught', async () => {
    const broken: unknown[] = [
      { [Symbol.asyncIterator]: () => undefined },
      { [Symbol.asyncIterator]: () => ({}) },
      { [Symbol.asyncIterator]: () => ({ next: () => undefined }) },
      { [Symbol.iterator]: () => ({ next: () => 'done' }) },
      {
        [Symbol.asyncIterator]: () => {
          throw new Error('secret');
        },
      },
    ];
    let i = 0;
    const { client } = await start({ handlers: { serverEcho: () => untyped<EchoResponse[]>(broken[i++]) } });
    for (const _ of broken) {
      await expect(collect(client.serverEcho(request()))).rejects.toMatchObject({ details: 'Unknown error' });
    }
  });
});
