import { credentials, type Interceptor } from '@grpc/grpc-js';
import { promiseClient } from 'grpc-js-middleware';
import { authClientInterceptor } from 'grpc-js-middleware/auth';
import { deadlineClientInterceptor } from 'grpc-js-middleware/deadlines';
import { metricsClientInterceptor } from 'grpc-js-middleware/metrics';
import { circuitBreakerClientInterceptor } from 'grpc-js-middleware/overload';
import { retryClientInterceptor } from 'grpc-js-middleware/retry';
import { EchoRequest, EchoServiceClient } from 'grpc-js-middleware/testing';
import { tracingClientInterceptor } from 'grpc-js-middleware/tracing';
import { Registry } from 'prom-client';
import { registerSdk } from '../features/sdk.js';
import { callMetadata, makeToken } from '../features/token.js';

export type Kind = 'unary' | 'server_stream' | 'client_stream' | 'bidi_stream';

/** One call of each kind, to its end. */
export type Caller = Readonly<Record<Kind, () => Promise<unknown>>>;

/** Connects each client to a port. */
export type Clients = Readonly<Record<string, (port: number) => Promise<Caller>>>;

/** Messages in each direction that streams: long, so that what a call costs disappears beside them. */
export const STREAM_LENGTH = 1_000;

/** A small message, as most are. */
export const request = EchoRequest.fromPartial({
  text: 'a product',
  count: STREAM_LENGTH,
  payload: Buffer.alloc(100, 7),
});

export const clients: Clients = {
  bare: (port) => plainCaller(port, []),
  stack: async (port) => plainCaller(port, await stack()),
  promises: async (port) => {
    const client = promiseClient(new EchoServiceClient(`127.0.0.1:${port}`, credentials.createInsecure()));
    const metadata = await callMetadata();
    const unsupported = (): Promise<never> => Promise.reject(new Error('Not measured'));
    return {
      unary: () => client.echo(request, { metadata }),
      server_stream: unsupported,
      client_stream: unsupported,
      bidi_stream: unsupported,
    };
  },
};

/** The recommended order; what stands behind the retry runs per attempt. */
async function stack(): Promise<Interceptor[]> {
  registerSdk();
  return [
    tracingClientInterceptor(),
    metricsClientInterceptor({ register: new Registry() }),
    deadlineClientInterceptor({ defaultMs: 5_000 }),
    circuitBreakerClientInterceptor(),
    retryClientInterceptor({
      maxAttempts: 3,
      initialBackoffMs: 50,
      maxBackoffMs: 1_000,
      backoffMultiplier: 2,
      retryableStatusCodes: ['UNAVAILABLE'],
    }),
    authClientInterceptor({ token: await makeToken() }),
  ];
}

/** grpc-js's own client; a token and a trace come along even where nobody reads them, so that all send the same. */
async function plainCaller(port: number, interceptors: Interceptor[]): Promise<Caller> {
  const client = new EchoServiceClient(`127.0.0.1:${port}`, credentials.createInsecure(), { interceptors });
  const metadata = await callMetadata();
  if (interceptors.length > 0) metadata.remove('authorization');
  const promised = (start: (done: (error: Error | null) => void) => unknown): Promise<void> =>
    new Promise((resolve, reject) => void start((error) => (error ? reject(error) : resolve())));
  const read = (
    stream: ReturnType<typeof client.serverEcho> | ReturnType<typeof client.bidiEcho>,
    done: (error: Error | null) => void,
  ): unknown =>
    stream
      .on('data', ignore)
      .on('error', done)
      .on('end', () => done(null));
  const writeAll = (stream: { write(message: EchoRequest): boolean; end(): void }): void => {
    for (let left = STREAM_LENGTH; left > 0; left--) stream.write(request);
    stream.end();
  };
  return {
    unary: () => promised((done) => client.echo(request, metadata, done)),
    server_stream: () => promised((done) => read(client.serverEcho(request, metadata), done)),
    client_stream: () => promised((done) => writeAll(client.clientEcho(metadata, done))),
    bidi_stream: () =>
      promised((done) => {
        const stream = client.bidiEcho(metadata);
        read(stream, done);
        writeAll(stream);
      }),
  };
}

const ignore = (): void => undefined;
