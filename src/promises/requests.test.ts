import { status } from '@grpc/grpc-js';
import { connect } from 'node:http2';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StatusError, defineServerInterceptor, type ServerCallContext } from '../core/index.js';
import {
  EchoRequest,
  EchoResponse,
  collect,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../testing/index.js';
import { until } from '../../test/support/until.js';

let running: TestServer | undefined;
const start = async (options?: TestServerOptions): Promise<TestServer> => (running = await startTestServer(options));
const request = (text = '') => EchoRequest.fromPartial({ text });
const response = (text = '') => EchoResponse.fromPartial({ text });

afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** Handlers that read all requests and note how that ended. */
function reading() {
  const read: string[] = [];
  const outcome: unknown[] = [];
  let context: ServerCallContext | undefined;
  const readAll = async (requests: AsyncIterable<EchoRequest>, call: ServerCallContext): Promise<EchoResponse> => {
    context = call;
    try {
      for await (const { text } of requests) read.push(text);
      outcome.push('finished');
    } catch (error) {
      outcome.push(error);
      throw error;
    }
    return response();
  };
  const handlers: TestServerOptions['handlers'] = {
    clientEcho: readAll,
    async *bidiEcho(requests, call) {
      yield await readAll(requests, call);
    },
  };
  return { read, outcome, handlers, call: () => context };
}

const kinds = ['clientEcho', 'bidiEcho'] as const;

/** Begins an upload of two messages that its client does not finish. */
async function halfUpload({ rawClient, events }: TestServer, kind: (typeof kinds)[number]) {
  const call = kind === 'clientEcho' ? rawClient.clientEcho(() => undefined) : rawClient.bidiEcho();
  call.on('error', () => undefined);
  call.write(request('1'));
  call.write(request('2'));
  await events.until({ side: 'server', hook: 'onRequest' }, { nth: 2 });
  return call;
}

describe.each(kinds)('the requests of %s', (kind) => {
  test('throw the reason when the client cancels: a broken upload never looks finished', async () => {
    const { read, outcome, handlers, call: context } = reading();
    const server = await start({ handlers });
    for (let nth = 1; nth <= 20; nth++) {
      const call = await halfUpload(server, kind);
      server.events.clear();
      call.cancel();
      expect(await server.events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'CANCELLED' });
      await until(() => outcome.length === nth);
      expect(outcome.at(-1)).toBe(context()!.signal.reason);
      expect(outcome.at(-1)).toMatchObject({ code: status.CANCELLED });
    }
    expect(read).toHaveLength(40);
  });

  test('throw the reason when the connection is lost', async () => {
    const { outcome, handlers } = reading();
    const server = await start({ handlers });
    await halfUpload(server, kind);
    server.server.forceShutdown();
    await until(() => outcome.length === 1);
    expect(outcome[0]).toMatchObject({ code: status.CANCELLED });
  });

  test('throw the reason when the deadline passes', async () => {
    const { outcome, handlers } = reading();
    const short = defineServerInterceptor('short', () => (call) => ({
      onRequest: (message) => {
        if ((message as EchoRequest).text === '2') call.limitDeadline(Date.now() + 1);
      },
    }));
    const server = await start({ interceptors: [short], handlers });
    await halfUpload(server, kind);
    await until(() => outcome.length === 1);
    expect(outcome[0]).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  test('throw the reason when an interceptor refuses one', async () => {
    const { read, outcome, handlers } = reading();
    const refusing = defineServerInterceptor('refuse', () => () => ({
      onRequest: (message) => {
        if ((message as EchoRequest).text === '3') throw new StatusError(status.INVALID_ARGUMENT, 'not this one');
      },
    }));
    const server = await start({ interceptors: [refusing], handlers });
    const call = await halfUpload(server, kind);
    call.write(request('3'));
    expect(await server.events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await until(() => outcome.length === 1);
    expect(outcome[0]).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'not this one' });
    expect(read).toEqual(['1', '2']);
  });

  test('end when the client has sent them all', async () => {
    const { read, outcome, handlers } = reading();
    const server = await start({ handlers });
    (await halfUpload(server, kind)).end();
    expect(await server.events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'OK', received: 2 });
    expect(read).toEqual(['1', '2']);
    expect(outcome).toEqual(['finished']);
  });
});

test('throw the reason when the deadline passes, though the client reads nothing', async () => {
  const outcome: unknown[] = [];
  const { address } = await start({
    handlers: {
      async *bidiEcho(requests, call) {
        // More than HTTP/2's window takes: the status cannot follow until the client has read it.
        yield EchoResponse.fromPartial({ payload: Buffer.alloc(1_000_000) });
        call.limitDeadline(Date.now() + 1);
        await collect(requests).catch((error: unknown) => outcome.push(error));
      },
    },
  });
  // A client of grpc-js that has not begun to read would take all that comes.
  const session = connect(`http://${address}`);
  const path = '/grpc_js_middleware.testing.v1.EchoService/BidiEcho';
  session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
  await until(() => outcome.length === 1);
  expect(outcome[0]).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  session.destroy();
});

describe('a loop over requests that is left early', () => {
  test('does not end the call, and a later one goes on', async () => {
    const { client } = await start({
      handlers: {
        async *bidiEcho(requests) {
          for await (const { text } of requests) {
            yield response(`first ${text}`);
            break;
          }
          yield response('between');
          for await (const { text } of requests) yield response(`then ${text}`);
        },
      },
    });
    const replies = await collect(client.bidiEcho([request('a'), request('b'), request('c')]));
    expect(replies.map(({ text }) => text)).toEqual(['first a', 'between', 'then b', 'then c']);
  });

  test('may be answered without reading the rest', async () => {
    const { client } = await start({
      handlers: {
        clientEcho: async (requests) => {
          for await (const { text } of requests) return response(text);
          return response();
        },
      },
    });
    expect((await client.clientEcho(Array(1000).fill(request('first')) as EchoRequest[])).text).toBe('first');
  });
});

test('who reads on after the handler has answered is done, and nobody is harmed', async () => {
  const ended = vi.fn();
  const { rawClient, events } = await start({
    handlers: {
      async *bidiEcho(requests) {
        void collect(requests).then(ended);
        yield response();
        await turn();
      },
    },
  });
  const call = rawClient.bidiEcho();
  call.on('data', () => undefined);
  call.write(request());
  expect(await events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'OK' });
  await until(() => ended.mock.calls.length === 1);
});

test('a fast client does not run ahead of a slow handler', async () => {
  let sent = 0;
  const { client } = await start({
    record: false,
    handlers: {
      clientEcho: async (requests) => {
        let read = 0;
        let ahead = 0;
        for await (const _ of requests) {
          ahead = Math.max(ahead, sent - ++read);
          if (read % 100 === 0) await turn();
        }
        return EchoResponse.fromPartial({ count: ahead, text: String(read) });
      },
    },
  });
  const payload = Buffer.alloc(1000);
  function* requests() {
    while (sent < 5000) yield (sent++, EchoRequest.fromPartial({ payload }));
  }
  const { count, text } = await client.clientEcho(requests());
  expect(text).toBe('5000');
  // grpc-js's client keeps up to 1 MB of a call for built-in retries, and takes that much at once.
  expect(count).toBeLessThan(1500);
});
