import {
  credentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type handleUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import { callContext, type ServerCallContext } from '../core/index.js';
import {
  EchoRequest,
  EchoResponse,
  EchoServiceClient,
  EchoServiceService,
  collect,
  startTestServer,
  type EchoHandlers,
  type TestServer,
  type TestServerOptions,
} from '../testing/index.js';
import { implement, promiseClient } from './index.js';

type Call = ServerUnaryCall<EchoRequest, EchoResponse>;
type Callback = sendUnaryData<EchoResponse>;

let running: TestServer | undefined;
const start = async (options?: TestServerOptions): Promise<TestServer> => (running = await startTestServer(options));
const request = (text = '') => EchoRequest.fromPartial({ text });
const response = (text = '') => EchoResponse.fromPartial({ text });
/** A value that breaks its type's promise, as one written in JavaScript may. */
const untyped = <T>(value: unknown): T => value as T;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe('construction', () => {
  const { echo, serverEcho, clientEcho, bidiEcho } = implementable();

  test('names a method without a handler, and a handler without a method', () => {
    const handlers = { echo, serverEcho, clientEcho };
    expect(() => implement(EchoServiceService, untyped(handlers))).toThrow(
      "implement: no handler for /grpc_js_middleware.testing.v1.EchoService/BidiEcho: add one named 'bidiEcho'",
    );
    const misspelt = { ...handlers, bidiEcho, serverEco: serverEcho };
    expect(() => implement(EchoServiceService, misspelt)).toThrow(
      "implement: the service has no method for the handler 'serverEco'",
    );
  });

  test('lets an instance of a class have methods of its own', () => {
    class Handlers {
      echo = echo;
      serverEcho = serverEcho;
      clientEcho = clientEcho;
      bidiEcho = bidiEcho;
      helper = (): number => 1;
    }
    expect(Object.keys(implement(EchoServiceService, new Handlers()))).toEqual([
      'echo',
      'serverEcho',
      'clientEcho',
      'bidiEcho',
    ]);
  });

  test('refuses what can never work', () => {
    const handlers = { echo, serverEcho, clientEcho, bidiEcho };
    const wrong = { ...handlers, echo: untyped<typeof echo>('abc') };
    expect(() => implement(EchoServiceService, wrong)).toThrow(
      "implement: handlers.echo must be a function, got 'abc'",
    );
    const generator = { ...handlers, echo: untyped<typeof echo>(serverEcho) };
    expect(() => implement(EchoServiceService, generator)).toThrow(
      /^implement: echo is a generator, but .* answers with one message$/,
    );
    expect(() => implement(untyped<typeof EchoServiceService>(null), handlers)).toThrow(
      'implement: service must be a service definition',
    );
    expect(() => implement(EchoServiceService, untyped(undefined))).toThrow('implement: handlers must be an object');
  });
});

describe('definitions of proto-loader', () => {
  const proto = loadSync('proto/grpc_js_middleware/testing/v1/echo.proto', { keepCase: false });
  const definition = proto['grpc_js_middleware.testing.v1.EchoService'] as ServiceDefinition;

  test.each(['PascalCase', 'camelCase'])('take handlers named in %s', async (style) => {
    const named = (name: string): string => (style === 'camelCase' ? name[0]!.toLowerCase() + name.slice(1) : name);
    const implementation = implement(definition, {
      [named('Echo')]: async ({ text }: { text: string }) => ({ text }),
      [named('ServerEcho')]: async function* ({ text }: { text: string }) {
        yield { text };
      },
      [named('ClientEcho')]: async (requests: AsyncIterable<unknown>) => ({ count: (await collect(requests)).length }),
      async *[named('BidiEcho')](requests: AsyncIterable<{ text: string }>) {
        for await (const { text } of requests) yield { text };
      },
    });
    const { server, port } = await start({
      implementation: {},
    });
    server.removeService(EchoServiceService);
    server.addService(definition, implementation);
    const client = promiseClient(new EchoServiceClient(`127.0.0.1:${port}`, credentials.createInsecure()));
    expect((await client.echo(request('a'))).text).toBe('a');
    expect(await collect(client.serverEcho(request('b')))).toMatchObject([{ text: 'b' }]);
    expect((await client.clientEcho([request(), request()])).count).toBe(2);
    expect(await collect(client.bidiEcho([request('c')]))).toMatchObject([{ text: 'c' }]);
    client.close();
  });

  test('need a handler for every method, too', () => {
    expect(() => implement(definition, { echo: () => ({}) })).toThrow(
      "implement: no handler for /grpc_js_middleware.testing.v1.EchoService/ServerEcho: add one named 'serverEcho'",
    );
  });
});

test('a codec that takes undefined decides by itself what a message is', async () => {
  const path = '/pkg.Plain/Get';
  const codec = { serialize: (text?: string) => Buffer.from(text ?? 'nothing'), deserialize: String };
  const definition = {
    get: {
      path,
      requestStream: false as const,
      responseStream: false as const,
      requestSerialize: codec.serialize,
      requestDeserialize: codec.deserialize,
      responseSerialize: codec.serialize,
      responseDeserialize: codec.deserialize,
    },
  };
  const answers: unknown[] = ['a string', undefined, null];
  const { rawClient } = await start({
    addServices: (server) =>
      server.addService(definition, implement(definition, { get: () => answers.shift() as string })),
  });
  const get = (): Promise<string | undefined> =>
    new Promise((resolve, reject) =>
      rawClient.makeUnaryRequest(path, codec.serialize, codec.deserialize, 'x', (error, text) =>
        error ? reject(error) : resolve(text),
      ),
    );
  expect([await get(), await get(), await get()]).toEqual(['a string', 'nothing', 'nothing']);
});

test('types follow the definition', () => {
  expectTypeOf<EchoHandlers>().toHaveProperty('echo').parameter(0).toEqualTypeOf<EchoRequest>();
  expectTypeOf<EchoHandlers>().toHaveProperty('clientEcho').parameter(0).toEqualTypeOf<AsyncIterable<EchoRequest>>();
  expectTypeOf<EchoHandlers>().toHaveProperty('bidiEcho').parameter(1).toEqualTypeOf<ServerCallContext>();
  const { echo, serverEcho, clientEcho, bidiEcho } = implementable();
  const compiled = (): void => {
    // @ts-expect-error: bidiEcho is missing
    implement(EchoServiceService, { echo, serverEcho, clientEcho });
    // @ts-expect-error: there is no such method
    implement(EchoServiceService, { echo, serverEcho, clientEcho, bidiEcho, other: echo });
    // @ts-expect-error: the response lacks fields
    implement(EchoServiceService, { echo: () => ({ text: '' }), serverEcho, clientEcho, bidiEcho });
    // @ts-expect-error: one response is no stream
    implement(EchoServiceService, { echo, serverEcho: echo, clientEcho, bidiEcho });
  };
  expect(compiled).toBeTypeOf('function');
});

test('types of proto-loader, which do not tell the kinds, fit either form', () => {
  const compiled = (service: LoadedEcho): void => {
    implement(service, {
      async echo(request, call) {
        expectTypeOf(call).toEqualTypeOf<ServerCallContext>();
        expectTypeOf(request.text).toEqualTypeOf<string>();
        return { text: request.text };
      },
      async *ServerEcho({ text }) {
        yield { text };
      },
      ClientEcho: async (requests: AsyncIterable<Received>) => ({ text: String((await collect(requests)).length) }),
      async *bidiEcho(requests) {
        for await (const { text } of requests) yield { text };
      },
    });
    // @ts-expect-error: the text of a response is a string
    implement(service, { Echo: () => ({ text: 7 }) });
  };
  expect(compiled).toBeTypeOf('function');
});

test('a context found by the call of a plain handler is the one that implement gives', async () => {
  const contexts: unknown[] = [];
  const plain = implement(EchoServiceService, {
    ...implementable(),
    echo: (_, call) => (contexts.push(call), response()),
  });
  const { client } = await start({
    implementation: {
      ...plain,
      echo: (call: Call, callback: Callback) => {
        contexts.push(callContext(call));
        (plain['echo'] as handleUnaryCall<EchoRequest, EchoResponse>)(call, callback);
      },
    },
  });
  await client.echo(request());
  expect(contexts[0]).toBe(contexts[1]);
});

interface Sent {
  text?: string;
}

interface Received {
  text: string;
}

/** As proto-loader's generator writes it. */
interface LoadedEcho extends ServiceDefinition {
  Echo: MethodDefinition<Sent, Sent, Received, Received>;
  ServerEcho: MethodDefinition<Sent, Sent, Received, Received>;
  ClientEcho: MethodDefinition<Sent, Sent, Received, Received>;
  BidiEcho: MethodDefinition<Sent, Sent, Received, Received>;
}

function implementable(): EchoHandlers {
  return {
    echo: () => response(),
    async *serverEcho() {
      yield response();
    },
    clientEcho: () => response(),
    async *bidiEcho() {
      yield response();
    },
  };
}
