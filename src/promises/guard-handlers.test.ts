import {
  Metadata,
  status,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { Readable, pipeline, type Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StatusError, ValidationError, defineServerInterceptor } from '../core/index.js';
import { EchoRequest, EchoResponse, collect, startTestServer, type TestServer } from '../testing/index.js';
import { guardHandlers } from './index.js';
import { until } from '../../test/support/until.js';

type Unary = ServerUnaryCall<EchoRequest, EchoResponse>;
type Uploads = ServerReadableStream<EchoRequest, EchoResponse>;
type Downloads = ServerWritableStream<EchoRequest, EchoResponse>;
type Duplex = ServerDuplexStream<EchoRequest, EchoResponse>;
type Callback = sendUnaryData<EchoResponse>;

const request = (text = '') => EchoRequest.fromPartial({ text });
const response = (text = '') => EchoResponse.fromPartial({ text });
const secret = new Error('secret');
let running: TestServer | undefined;
let seen: unknown[];

beforeEach(() => (seen = []));
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** A server whose `onError` notes what it is given and answers ABORTED 'mapped'. */
async function start(implementation: UntypedServiceImplementation): Promise<TestServer> {
  const mapping = defineServerInterceptor('map', () => () => ({
    onError: (error) => {
      seen.push(error);
      return new StatusError(status.ABORTED, 'mapped');
    },
  }));
  running = await startTestServer({ interceptors: [mapping], implementation: guardHandlers(implementation) });
  return running;
}

/** grpc-js's types are no longer those of Node's streams. */
const writable = (call: Downloads | Duplex): Writable => call;

const mapped = { code: status.ABORTED, details: 'mapped' };

async function expectAllMapped({ client }: TestServer): Promise<void> {
  await expect(client.echo(request())).rejects.toMatchObject(mapped);
  await expect(collect(client.serverEcho(request()))).rejects.toMatchObject(mapped);
  await expect(client.clientEcho([request('1'), request('2'), request('3')])).rejects.toMatchObject(mapped);
  await expect(collect(client.bidiEcho([request('1'), request('2'), request('3')]))).rejects.toMatchObject(mapped);
  expect(seen).toEqual([secret, secret, secret, secret]);
}

describe('goes through onError, whatever the kind:', () => {
  test('a throw', async () => {
    const fail = (): never => {
      throw secret;
    };
    await expectAllMapped(await start({ echo: fail, serverEcho: fail, clientEcho: fail, bidiEcho: fail }));
  });

  test('a rejection', async () => {
    const fail = async (): Promise<never> => Promise.reject(secret);
    const implementation = { echo: fail, serverEcho: fail, clientEcho: fail, bidiEcho: fail };
    await expectAllMapped(await start(implementation));
  });

  test('an error given to the callback, or emitted', async () => {
    const callBack = (_: unknown, callback: Callback): void => callback(secret);
    const emit = (call: Downloads | Duplex): void => void call.emit('error', secret);
    await expectAllMapped(await start({ echo: callBack, serverEcho: emit, clientEcho: callBack, bidiEcho: emit }));
  });

  test('a stream that is destroyed with an error, as pipeline does it', async () => {
    const failing = new Readable({ objectMode: true, read: () => failing.destroy(secret) });
    const { client } = await start({
      serverEcho: (call: Downloads) => void pipeline(failing, writable(call), () => undefined),
    });
    await expect(collect(client.serverEcho(request()))).rejects.toMatchObject(mapped);
    expect(seen).toEqual([secret]);
  });

  test('an error that says its own status', async () => {
    const error = new ValidationError('id', 'ID must be positive');
    running = await startTestServer({
      implementation: guardHandlers({ echo: (_: Unary, callback: Callback) => callback(error) }),
    });
    await expect(running.client.echo(request())).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      violations: [{ field: 'id', description: 'ID must be positive' }],
    });
  });
});

describe('goes through onError, from a listener:', () => {
  const listeners: [string, () => unknown][] = [
    [
      'a throw',
      () => {
        throw secret;
      },
    ],
    ['a rejection', () => Promise.reject(secret)],
  ];

  test.each(listeners)("%s on the second of the queued 'data' events", async (_, fail) => {
    const listen = (call: Uploads | Duplex): void => {
      let count = 0;
      call.on('data', () => (++count === 2 ? fail() : undefined));
    };
    const { client } = await start({ clientEcho: listen, bidiEcho: listen });
    const requests = ['1', '2', '3', '4'].map(request);
    await expect(client.clientEcho(requests)).rejects.toMatchObject(mapped);
    await expect(collect(client.bidiEcho(requests))).rejects.toMatchObject(mapped);
    expect(seen).toEqual([secret, secret]);
  });

  test.each(listeners)("%s on 'end' and 'readable'", async (_, fail) => {
    const { client } = await start({
      clientEcho: (call: Uploads) => void call.on('end', fail).resume(),
      bidiEcho: (call: Duplex) => void call.on('readable', fail),
    });
    await expect(client.clientEcho([request()])).rejects.toMatchObject(mapped);
    await expect(collect(client.bidiEcho([request()]))).rejects.toMatchObject(mapped);
  });

  test.each(listeners)("%s on 'drain', and in the callback of a write", async (_, fail) => {
    const { client } = await start({
      serverEcho: (call: Downloads) => {
        call.on('drain', fail);
        while (call.write(response())) continue;
      },
      bidiEcho: (call: Duplex) => void call.write(response(), fail),
    });
    await expect(collect(client.serverEcho(request()))).rejects.toMatchObject(mapped);
    await expect(collect(client.bidiEcho([]))).rejects.toMatchObject(mapped);
  });

  test.each(listeners)("%s on 'cancelled' and 'close', when it is too late to send it", async (_, fail) => {
    const called = vi.fn(fail);
    const listen = (call: Unary | Downloads): void => void call.on('cancelled', called).on('close', called);
    const { rawClient, events, client } = await start({
      echo: listen,
      serverEcho: listen,
      clientEcho: (_call: Uploads, callback: Callback) => callback(null, response('still there')),
    });
    const calls = [rawClient.echo(request(), () => undefined), rawClient.serverEcho(request())];
    for (const call of calls) call.on('error', () => undefined);
    await events.until({ side: 'server', hook: 'onRequest' }, { nth: 2 });
    await turn();
    for (const call of calls) call.cancel();
    await events.until({ side: 'server', hook: 'onEnd', code: 'CANCELLED' }, { nth: 2 });
    // The unary call is no stream that would be closed.
    await until(() => called.mock.calls.length === 3);
    expect((await client.clientEcho([])).text).toBe('still there');
    expect(seen).toEqual([]);
  });
});

describe('leaves alone', () => {
  test('what works: answers, trailers, listeners taken back, once', async () => {
    const calls: string[] = [];
    const { client } = await start({
      echo: (call: Unary, callback: Callback) => {
        const trailers = new Metadata();
        trailers.set('x-tail', '1');
        callback(null, response(call.request.text), trailers);
      },
      serverEcho: (call: Downloads) => {
        call.write(response('a'));
        call.end();
      },
      clientEcho: (call: Uploads, callback: Callback) => {
        const removed = (): void => void calls.push('removed');
        call.on('data', removed).off('data', removed);
        call.once('data', () => calls.push('once'));
        call.on('data', (message: EchoRequest) => calls.push(message.text));
        call.on('end', () => callback(null, response(calls.join(' '))));
      },
      bidiEcho: (call: Duplex) => void call.pipe(writable(call)),
    });
    const trailers: unknown[] = [];
    const options = { onTrailers: (each: Metadata) => void trailers.push(each.get('x-tail')) };
    expect((await client.echo(request('b'), options)).text).toBe('b');
    expect(trailers).toEqual([['1']]);
    expect(await collect(client.serverEcho(request()))).toMatchObject([{ text: 'a' }]);
    expect((await client.clientEcho([request('c'), request('d')])).text).toBe('once c d');
    expect(await collect(client.bidiEcho([request('e')]))).toMatchObject([{ text: 'e' }]);
  });

  test('`this`, private fields and what is no function', async () => {
    class Service {
      readonly #greeting = 'hi';
      readonly limit = 7;
      echo(_: Unary, callback: Callback): void {
        callback(null, response(this.#greeting + this.limit));
      }
    }
    const guarded = guardHandlers(new Service());
    expect(guarded).toBeInstanceOf(Service);
    expect(guarded.limit).toBe(7);
    running = await startTestServer({ implementation: guarded as unknown as UntypedServiceImplementation });
    expect((await running.client.echo(request())).text).toBe('hi7');
  });
});

test('only the first answer counts', async () => {
  const { client, events } = await start({
    echo: (_: Unary, callback: Callback) => {
      callback(null, response('first'));
      callback(null, response('second'));
      callback(secret);
      throw secret;
    },
  });
  expect((await client.echo(request())).text).toBe('first');
  expect(await events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'OK', sent: 1 });
  expect(seen).toEqual([]);
});

test('trailers given with an error join those of the error', async () => {
  const trailers = new Metadata();
  trailers.set('x-tail', '1');
  running = await startTestServer({
    implementation: guardHandlers({
      echo: (_: Unary, callback: Callback) => callback(new ValidationError('id', 'bad'), null, trailers),
    }),
  });
  const failure = await running.client.echo(request()).catch((error: unknown) => error as ValidationError);
  expect(failure).toMatchObject({ violations: [{ field: 'id' }] });
  expect((failure as ValidationError).metadata.get('x-tail')).toEqual(['1']);
});

test('a loop over the requests of a bidi call may be left early', async () => {
  const { client } = await start({
    bidiEcho: (async (call: Duplex) => {
      for await (const { text } of call as AsyncIterable<EchoRequest>) {
        call.write(response(text));
        break;
      }
      call.end();
    }) as (call: Duplex) => unknown,
  });
  expect(await collect(client.bidiEcho([request('a'), request('b')]))).toMatchObject([{ text: 'a' }]);
});

test('works without any interceptor', async () => {
  const fail = async (): Promise<never> => Promise.reject(secret);
  const implementation = guardHandlers({ echo: fail, serverEcho: fail, clientEcho: fail, bidiEcho: fail });
  running = await startTestServer({
    record: false,
    implementation: implementation as unknown as UntypedServiceImplementation,
  });
  const { client } = running;
  const unknown = { code: status.UNKNOWN, details: 'Unknown error' };
  await expect(client.echo(request())).rejects.toMatchObject(unknown);
  await expect(collect(client.serverEcho(request()))).rejects.toMatchObject(unknown);
  await expect(client.clientEcho([])).rejects.toMatchObject(unknown);
  await expect(collect(client.bidiEcho([]))).rejects.toMatchObject(unknown);
});

test('refuses what is no implementation', () => {
  expect(() => guardHandlers(undefined as unknown as object)).toThrow(
    'guardHandlers: implementation must be an object with a handler per method, got undefined',
  );
});
