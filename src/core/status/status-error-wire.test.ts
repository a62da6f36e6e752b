import { Metadata, Server, ServerCredentials, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EchoRequest, EchoServiceClient, EchoServiceService } from '../../gen/grpc_js_middleware/testing/v1/echo.js';
import type { EchoServiceServer } from '../../gen/grpc_js_middleware/testing/v1/echo.js';
import { errorDetail } from './details.js';
import { BusinessError, StatusError, ValidationError } from './status-error.js';

// A plain grpc-js server and client: no interceptor of ours, or of anybody, on either side.
let failure: StatusError | { code: number; details: string; metadata?: Metadata };
const server = new Server();
let client: EchoServiceClient;

const handlers: EchoServiceServer = {
  echo: (_call, callback) => callback(failure),
  clientEcho: (_call, callback) => callback(failure),
  serverEcho: (call) => call.emit('error', failure),
  bidiEcho: (call) => call.emit('error', failure),
};

beforeAll(async () => {
  server.addService(EchoServiceService, handlers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  client = new EchoServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
});
beforeEach(() => {
  failure = new StatusError(status.INTERNAL, 'not set');
});
afterAll(() => {
  client.close();
  server.forceShutdown();
});

const request = EchoRequest.create();
const deadline = (): { deadline: number } => ({ deadline: Date.now() + 5000 });
const calls: Record<string, () => Promise<ServiceError>> = {
  unary: () =>
    new Promise((resolve) =>
      client.echo(request, new Metadata(), deadline(), (error) => resolve(error as ServiceError)),
    ),
  'client stream': () =>
    new Promise((resolve) => client.clientEcho(deadline(), (error) => resolve(error as ServiceError)).end()),
  'server stream': () =>
    new Promise((resolve) =>
      client
        .serverEcho(request, deadline())
        .on('error', resolve as (error: Error) => void)
        .resume(),
    ),
  'bidi stream': () =>
    new Promise((resolve) =>
      client
        .bidiEcho(deadline())
        .on('error', resolve as (error: Error) => void)
        .resume()
        .end(),
    ),
};
const call = calls['unary']!;

describe.each(Object.entries(calls))('from a plain handler, %s', (_, run) => {
  test.each([
    [new ValidationError([{ field: 'id', description: 'ID must be positive', reason: 'POSITIVE' }])],
    [new BusinessError('PRODUCT_NOT_FOUND', 'Product not found', { code: status.NOT_FOUND, domain: 'shop' })],
    [new StatusError(status.UNAVAILABLE, 'Später', { errorDetails: [errorDetail.retryInfo({ retryDelayMs: 250 })] })],
  ])('%s arrives as the same class, with the same fields', async (sent) => {
    failure = sent;
    const raw = await run();
    expect(raw).toMatchObject({ code: sent.code, details: sent.details });
    const error = StatusError.from(raw);
    expect(Object.getPrototypeOf(error)).toBe(Object.getPrototypeOf(sent));
    expect({ ...error }).toEqual({ ...sent });
  });
});

describe('what must not break a call', () => {
  test.each([
    ['lone surrogates', 'a\ud800b\udc00', 'a\ufffdb\ufffd'],
    ['control characters', 'a\u0000\u0007\r\n\tb\u007f\u0085', 'a\u0000\u0007\r\n\tb\u007f\u0085'],
    ['percent signs and umlauts', '100 % ü 😀 %zz', '100 % ü 😀 %zz'],
  ])('%s in the text', async (_, text, expected) => {
    failure = new StatusError(status.NOT_FOUND, text, { errorDetails: [errorDetail.errorInfo({ reason: text })] });
    const error = StatusError.from(await call());
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: expected });
    expect(error.errorDetails).toEqual([errorDetail.errorInfo({ reason: expected })]);
  });

  test('a text of 200 KB, and details of 2 MB', async () => {
    failure = new StatusError(status.NOT_FOUND, 'x'.repeat(200_000), {
      errorDetails: [
        errorDetail.debugInfo({ detail: 'x'.repeat(1e6) }),
        errorDetail.badRequest([{ field: 'f', description: 'y'.repeat(1e6) }]),
      ],
    });
    const error = StatusError.from(await call());
    expect(error.code).toBe(status.NOT_FOUND);
    expect(error.details).toMatch(/^x+…$/);
    expect(error.errorDetails.map(({ type }) => type)).toEqual(['badRequest']);
    // The connection lives.
    failure = new StatusError(status.ABORTED, 'next');
    expect(await call()).toMatchObject({ code: status.ABORTED });
  });

  test.each([0, -1, 17, 404, 11000, 1.5])('a code of %s', async (code) => {
    failure = new StatusError(code, 'x');
    expect(await call()).toMatchObject({ code: status.UNKNOWN, details: 'x' });
  });

  test('a cause that refers to itself', async () => {
    const cause: { cause?: unknown } = new Error('secret');
    cause.cause = cause;
    failure = new StatusError(status.NOT_FOUND, 'x', { cause });
    const raw = await call();
    expect(raw).toMatchObject({ code: status.NOT_FOUND, details: 'x' });
    expect(Object.keys(raw.metadata.getMap()).filter((key) => !['content-type', 'date'].includes(key))).toEqual([]);
  });

  test.each([
    Buffer.from('garbage'),
    Buffer.alloc(0),
    Buffer.from([0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
    Buffer.alloc(3000, 0xff),
  ])('details of garbage: %#', async (garbage) => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', garbage);
    failure = { code: status.NOT_FOUND, details: 'x', metadata };
    expect(StatusError.from(await call())).toMatchObject({ code: status.NOT_FOUND, details: 'x', errorDetails: [] });
  });

  test('a server that sends a code that gRPC does not know', async () => {
    failure = { code: 404, details: 'x' };
    const raw = await call();
    expect(raw.code).toBe(404);
    expect(StatusError.from(raw)).toMatchObject({ code: status.UNKNOWN, details: 'x' });
  });
});
