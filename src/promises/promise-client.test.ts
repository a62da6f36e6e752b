import {
  InterceptingCall,
  Metadata,
  credentials,
  loadPackageDefinition,
  status,
  type Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type Interceptor,
  type requestCallback,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import { StatusError, ValidationError } from '../core/index.js';
import type { EchoResponse } from '../testing/index.js';
import { EchoRequest, collect, startTestServer, type TestServer, type TestServerOptions } from '../testing/index.js';
import { promiseClient, type PromiseClient } from './index.js';

let running: TestServer | undefined;
const start = async (options?: TestServerOptions): Promise<TestServer> => (running = await startTestServer(options));
const request = (fields: Partial<EchoRequest> = {}) => EchoRequest.fromPartial(fields);
const failing = request({ errorCode: status.NOT_FOUND, errorText: 'no such thing' });

afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe('errors', () => {
  test('are StatusErrors in all four kinds, whose stack shows the caller', async () => {
    const { client } = await start();
    const calls = [
      () => client.echo(failing),
      () => collect(client.serverEcho(failing)),
      () => client.clientEcho([failing]),
      () => collect(client.bidiEcho([failing])),
    ];
    for (const call of calls) {
      const error = await call().catch((thrown: unknown) => thrown as StatusError);
      expect(error).toBeInstanceOf(StatusError);
      expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'no such thing' });
      expect((error as StatusError).stack).toMatch(/^\S*Error: 5 NOT_FOUND: no such thing\n {4}at /);
      expect((error as StatusError).stack).toContain('promise-client.test.ts');
    }
  });

  test('come back as the class that was thrown', async () => {
    const { client } = await start({
      handlers: { echo: () => Promise.reject(new ValidationError('id', 'ID must be positive')) },
    });
    const error = await client.echo(request()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ violations: [{ field: 'id', description: 'ID must be positive' }] });
  });

  test('are not lost when nobody was reading yet, and come after what was sent before', async () => {
    const { client, events } = await start();
    const replies = client.serverEcho(request({ count: 3, errorCode: status.ABORTED, errorText: 'later' }));
    await events.until({ side: 'client', hook: 'onEnd' });
    expect(await Promise.all([replies.next(), replies.next(), replies.next()])).toMatchObject([
      { value: { count: 1 } },
      { value: { count: 2 } },
      { value: { count: 3 } },
    ]);
    await expect(replies.next()).rejects.toMatchObject({ code: status.ABORTED });
    expect(await replies.next()).toEqual({ done: true, value: undefined });
  });

  test.each([true, false])('of a closed client are UNAVAILABLE, with interceptors (%s) or without', async (record) => {
    const { client } = await start({ record });
    client.close();
    const closed = { code: status.UNAVAILABLE, details: 'The channel is closed' };
    await expect(client.echo(request())).rejects.toMatchObject(closed);
    await expect(client.clientEcho([])).rejects.toMatchObject(closed);
    await expect(client.serverEcho(request()).next()).rejects.toMatchObject(closed);
    await expect(client.bidiEcho([]).next()).rejects.toMatchObject(closed);
  });

  test('of an interceptor that fails a call at once are those of the call', async () => {
    const failFast: Interceptor = (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (_metadata, listener) =>
          listener.onReceiveStatus?.({ code: status.UNAVAILABLE, details: 'open circuit', metadata: new Metadata() }),
        sendMessage: () => undefined,
        halfClose: () => undefined,
      });
    const { client } = await start({ record: false, clientInterceptors: [failFast] });
    const unavailable = { code: status.UNAVAILABLE, details: 'open circuit' };
    await expect(client.echo(request())).rejects.toMatchObject(unavailable);
    await expect(client.clientEcho([])).rejects.toMatchObject(unavailable);
    await expect(collect(client.serverEcho(request()))).rejects.toMatchObject(unavailable);
    await expect(collect(client.bidiEcho([]))).rejects.toMatchObject(unavailable);
  });
});

describe('a stream of responses', () => {
  test('cancels its call when the loop is left early', async () => {
    const { client, events } = await start();
    for await (const { count } of client.serverEcho(request({ count: 1_000_000 }))) if (count === 3) break;
    expect(await events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'CANCELLED' });
  });

  test('cancels its call when the loop throws, too', async () => {
    const { client, events } = await start();
    const loop = async (): Promise<void> => {
      for await (const _ of client.bidiEcho(endless())) throw new Error('mine');
    };
    await expect(loop()).rejects.toThrow('mine');
    expect(await events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'CANCELLED' });
  });

  test('may be left before it is begun, and after its end', async () => {
    const { client, events } = await start();
    const unread = client.serverEcho(request({ count: 1_000_000 }));
    expect(await unread.return!()).toEqual({ done: true, value: undefined });
    expect(await unread.next()).toEqual({ done: true, value: undefined });
    expect(await events.until({ side: 'client', hook: 'onEnd' })).toMatchObject({ code: 'CANCELLED' });
    const read = client.serverEcho(request({ count: 2 }));
    expect(await collect(read)).toHaveLength(2);
    expect(await read.return!()).toEqual({ done: true, value: undefined });
    expect(await events.until({ side: 'client', hook: 'onEnd', code: 'OK' })).toMatchObject({ received: 2 });
  });
});

describe('a client', () => {
  test('keeps everything else that it has', async () => {
    const { client, rawClient } = await start();
    expect(client.getChannel()).toBe(rawClient.getChannel());
    await new Promise<void>((resolve, reject) =>
      client.waitForReady(Date.now() + 5000, (error) => (error ? reject(error) : resolve())),
    );
    expect(Object.keys(client)).toEqual(['echo', 'serverEcho', 'clientEcho', 'bidiEcho']);
  });

  test('of proto-loader has its methods under both names', async () => {
    const { address } = await start();
    const proto = loadPackageDefinition(loadSync('proto/grpc_js_middleware/testing/v1/echo.proto'));
    const { EchoService } = (proto as unknown as Loaded).grpc_js_middleware.testing.v1;
    const client = promiseClient(new EchoService(address, credentials.createInsecure()));
    expect(await client.Echo({ text: 'a' })).toMatchObject({ text: 'a' });
    expect(await client.echo({ text: 'b' })).toMatchObject({ text: 'b' });
    expect(await collect(client.ServerEcho({ text: 'c', count: 2 }))).toMatchObject([{ text: 'c' }, { text: 'c' }]);
    expect(await client.ClientEcho([{ text: 'd' }, { text: 'e' }])).toMatchObject({ text: 'd e' });
    expect(await collect(client.BidiEcho([{ text: 'f' }]))).toMatchObject([{ text: 'f' }]);
    await expect(client.Echo({ errorCode: 5, errorText: 'x' })).rejects.toBeInstanceOf(StatusError);
    client.close();
  });

  test('that grpc-js did not generate is refused', () => {
    const wrong = [null, {}, Object.create(null), 'client'] as unknown as Client[];
    for (const each of wrong) {
      expect(() => promiseClient(each)).toThrow(
        /^promiseClient: client must be a client whose class grpc-js generated/,
      );
    }
  });
});

test('types are those of the client, by ts-proto or proto-loader', () => {
  type Echo = TestServer['client'];
  expectTypeOf<Echo['echo']>().returns.toEqualTypeOf<Promise<EchoResponse>>();
  expectTypeOf<Echo['echo']>().parameter(0).toEqualTypeOf<EchoRequest>();
  expectTypeOf<Echo['serverEcho']>().returns.toEqualTypeOf<AsyncIterableIterator<EchoResponse>>();
  expectTypeOf<Echo['clientEcho']>().returns.toEqualTypeOf<Promise<EchoResponse>>();
  expectTypeOf<Echo['clientEcho']>().parameter(0).toEqualTypeOf<AsyncIterable<EchoRequest> | Iterable<EchoRequest>>();
  expectTypeOf<Echo['bidiEcho']>().returns.toEqualTypeOf<AsyncIterableIterator<EchoResponse>>();
  expectTypeOf<Echo['close']>().toEqualTypeOf<() => void>();

  type Generated = PromiseClient<GeneratedEchoClient>;
  expectTypeOf<Generated['Echo']>().returns.toEqualTypeOf<Promise<Text>>();
  expectTypeOf<Generated['ServerEcho']>().returns.toEqualTypeOf<AsyncIterableIterator<Text>>();
  expectTypeOf<Generated['ClientEcho']>().returns.toEqualTypeOf<Promise<Text>>();
  expectTypeOf<Generated['BidiEcho']>().parameter(0).toEqualTypeOf<AsyncIterable<Text> | Iterable<Text>>();
});

async function* endless(): AsyncGenerator<EchoRequest> {
  for (;;) yield await Promise.resolve(request());
}

interface Text {
  text?: string;
  count?: number;
  errorCode?: number;
  errorText?: string;
}

/** As proto-loader's generator writes it, with the shortest signature last. */
interface GeneratedEchoClient extends Client {
  Echo(argument: Text, metadata: Metadata, options: object, callback: requestCallback<Text>): ClientUnaryCall;
  Echo(argument: Text, callback: requestCallback<Text>): ClientUnaryCall;
  echo(argument: Text, metadata: Metadata, options: object, callback: requestCallback<Text>): ClientUnaryCall;
  echo(argument: Text, callback: requestCallback<Text>): ClientUnaryCall;
  ServerEcho(argument: Text, metadata: Metadata, options?: object): ClientReadableStream<Text>;
  ServerEcho(argument: Text, options?: object): ClientReadableStream<Text>;
  ClientEcho(metadata: Metadata, options: object, callback: requestCallback<Text>): ClientWritableStream<Text>;
  ClientEcho(callback: requestCallback<Text>): ClientWritableStream<Text>;
  BidiEcho(metadata: Metadata, options?: object): ClientDuplexStream<Text, Text>;
  BidiEcho(options?: object): ClientDuplexStream<Text, Text>;
}

interface Loaded {
  grpc_js_middleware: {
    testing: {
      v1: {
        EchoService: new (
          address: string,
          channelCredentials: ReturnType<typeof credentials.createInsecure>,
          options?: ClientOptions,
        ) => GeneratedEchoClient;
      };
    };
  };
}
