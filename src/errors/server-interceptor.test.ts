import {
  Metadata,
  ServerInterceptingCall,
  status,
  type Interceptor,
  type ServerInterceptor,
  type ServiceError,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { errorDetail } from '../core/status/details.js';
import { findDetail } from '../core/status/find-detail.js';
import { defineServerInterceptor } from '../core/define.js';
import { guardHandlers } from '../promises/index.js';
import { startTestServer, type TestServer } from '../testing/index.js';
import type { EchoHandlers, TestServerOptions } from '../testing/index.js';
import { failingCalls, ownTrailers, type FailingCall } from './fixtures/calls.js';
import {
  BusinessError,
  ValidationError,
  errorClientInterceptor,
  errorServerInterceptor,
  type ErrorServerOptions,
} from './index.js';
import { StatusError } from '../core/status/status-error.js';

const open: TestServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function start(options: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer({ record: false, ...options });
  open.push(server);
  return server;
}

/** Handlers of `implement`, and grpc-js's own, that fail with this in all four kinds. */
const throwing = (thrown: () => unknown): Partial<EchoHandlers> => ({
  echo: async () => {
    throw thrown();
  },
  clientEcho: async () => {
    throw thrown();
  },
  // eslint-disable-next-line require-yield
  async *serverEcho() {
    throw thrown();
  },
  // eslint-disable-next-line require-yield
  async *bidiEcho() {
    throw thrown();
  },
});
type Callback = (error: unknown) => void;
type Emitter = { emit(event: 'error', error: unknown): void };
type Plain = Record<string, (call: Emitter, callback: Callback) => void>;
const untyped = (handlers: Plain): UntypedServiceImplementation => handlers as unknown as UntypedServiceImplementation;
const plain = (failure: () => unknown): UntypedServiceImplementation =>
  untyped({
    echo: (_call, callback) => callback(failure()),
    clientEcho: (_call, callback) => callback(failure()),
    serverEcho: (call) => call.emit('error', failure()),
    bidiEcho: (call) => call.emit('error', failure()),
  });

/** What a client sees of a handler that throws this. */
async function seen(thrown: unknown, options: ErrorServerOptions = {}, call: FailingCall = failingCalls.unary) {
  const { rawClient } = await start({
    interceptors: [errorServerInterceptor(options)],
    handlers: throwing(() => thrown),
  });
  return call(rawClient);
}
/** What a client sees of a plain handler that calls back with this. */
async function seenOfPlain(failure: unknown, options: ErrorServerOptions = {}, call: FailingCall = failingCalls.unary) {
  const { rawClient } = await start({
    interceptors: [errorServerInterceptor(options)],
    implementation: plain(() => failure),
  });
  return call(rawClient);
}

const kinds = Object.entries(failingCalls);
const INTERNAL = { code: status.INTERNAL, details: 'Internal error' };
const everything = (error: ServiceError): string =>
  JSON.stringify([error.message, error.details, error.metadata.getMap()]);

describe.each(kinds)('%s', (_, call) => {
  test('an error of ours arrives as the same class, with the same fields', async () => {
    const sent = [
      new ValidationError([{ field: 'id', description: 'ID must be positive', reason: 'POSITIVE' }]),
      new BusinessError('OUT_OF_STOCK', 'None left', { domain: 'shop', metadata: { id: '7' } }),
      new StatusError(status.UNAVAILABLE, 'later', { errorDetails: [errorDetail.retryInfo({ retryDelayMs: 5 })] }),
    ];
    for (const error of sent) {
      const received = StatusError.from(await seen(error, {}, call));
      expect(Object.getPrototypeOf(received)).toBe(Object.getPrototypeOf(error));
      expect({ ...received }).toEqual({ ...error });
    }
  });

  test('an unknown error becomes INTERNAL, and only onUnknown sees it', async () => {
    const onUnknown = vi.fn();
    const secret = new Error('secret');
    const received = await seen(secret, { onUnknown }, call);
    expect(received).toMatchObject(INTERNAL);
    expect(everything(received)).not.toContain('secret');
    expect(onUnknown.mock.calls).toEqual([[secret, expect.objectContaining({ peer: expect.any(String) as unknown })]]);
  });

  test('of a plain handler: an unknown error becomes INTERNAL, one of ours arrives', async () => {
    const onUnknown = vi.fn();
    expect(await seenOfPlain(new Error('secret'), { onUnknown }, call)).toMatchObject(INTERNAL);
    expect(onUnknown).toHaveBeenCalledTimes(1);
    expect(onUnknown.mock.calls[0]![0]).toMatchObject({ code: status.UNKNOWN, details: 'secret' });
    expect(StatusError.from(await seenOfPlain(new BusinessError('A', 'b'), {}, call))).toMatchObject({ reason: 'A' });
  });

  test('of a plain handler that throws', async () => {
    const fail = () => {
      throw new Error('secret');
    };
    const implementation = { echo: fail, clientEcho: fail, serverEcho: fail, bidiEcho: fail };
    const { rawClient } = await start({ interceptors: [errorServerInterceptor()], implementation });
    expect(await call(rawClient)).toMatchObject(INTERNAL);
  });

  test('of a guarded handler: the error itself is seen', async () => {
    const onUnknown = vi.fn();
    const secret = new Error('secret');
    const implementation = guardHandlers(plain(() => secret));
    const { rawClient } = await start({ interceptors: [errorServerInterceptor({ onUnknown })], implementation });
    expect(await call(rawClient)).toMatchObject(INTERNAL);
    expect(onUnknown.mock.calls[0]![0]).toBe(secret);
  });
});

describe('what was meant for the client passes', () => {
  const metadata = new Metadata();
  metadata.set('x-mine', '1');

  test.each([
    [{ code: status.NOT_FOUND, message: 'm' }, 'm'],
    [{ code: status.NOT_FOUND, details: 'd' }, 'd'],
    [{ code: status.NOT_FOUND, details: 'd', message: 'm', metadata }, 'd'],
    [Object.assign(new Error('m'), { code: status.NOT_FOUND, details: 'd', metadata }), 'd'],
    [Object.assign(new RangeError('m'), { code: status.NOT_FOUND, details: 'd', metadata }), 'd'],
  ])('%j', async (thrown, details) => {
    const received = await seen(thrown);
    expect(received).toMatchObject({ code: status.NOT_FOUND, details });
    expect(ownTrailers(received)).toEqual('metadata' in thrown ? ['x-mine'] : []);
  });

  test('UNKNOWN too, when somebody said so', async () => {
    expect(await seen(new StatusError(status.UNKNOWN, 'on purpose'))).toMatchObject({ code: 2, details: 'on purpose' });
    expect(await seenOfPlain(new StatusError(status.UNKNOWN, 'on purpose'))).toMatchObject({
      code: 2,
      details: 'on purpose',
    });
  });

  test('UNKNOWN too, behind a foreign interceptor that rebuilds what it hands on', async () => {
    const rebuild: ServerInterceptor = (_, call) =>
      new ServerInterceptingCall(call, {
        sendStatus: (given, next) => next({ ...given, metadata: given.metadata?.clone() }),
      });
    const { rawClient } = await start({
      interceptors: [errorServerInterceptor(), rebuild, errorServerInterceptor()],
      handlers: throwing(() => new StatusError(status.UNKNOWN, 'on purpose')),
    });
    expect(await failingCalls.unary(rawClient)).toMatchObject({ code: 2, details: 'on purpose' });
  });

  test('trailers of the error, also of a plain handler', async () => {
    const error = new StatusError(status.ABORTED, 'x', { metadata });
    expect(ownTrailers(await seen(error))).toEqual(['x-mine']);
    expect(ownTrailers(await seenOfPlain(error))).toEqual(['x-mine']);
  });

  test('the refusal of an interceptor further in', async () => {
    const refuse = (thrown: unknown) =>
      defineServerInterceptor('refuse', () => () => ({
        admit: () => {
          throw thrown;
        },
      }));
    const run = async (thrown: unknown) => {
      const { rawClient } = await start({ interceptors: [errorServerInterceptor(), refuse(thrown)] });
      return failingCalls.unary(rawClient);
    };
    expect(await run(new StatusError(status.PERMISSION_DENIED, 'no'))).toMatchObject({ code: 7, details: 'no' });
    expect(await run(new Error('secret'))).toMatchObject(INTERNAL);
  });
});

describe('what was not meant for the client does not', () => {
  class DriverError extends Error {
    readonly code = status.INTERNAL;
  }
  const revoked = (): object => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const cyclic: { cause?: unknown } = new Error('secret');
  cyclic.cause = cyclic;

  test.each([
    ['a database’s code', { code: 11000, message: 'secret' }],
    ['a database’s code, with details', { code: 11000, details: 'secret', metadata: new Metadata() }],
    ['an HTTP code', Object.assign(new Error('secret'), { code: 404 })],
    ['the code of no error', { code: 0, message: 'secret' }],
    ['a negative code', { code: -2, details: 'secret' }],
    ['a text for a code', Object.assign(new Error('secret'), { code: 'ENOENT' })],
    ['a class of its own without details', new DriverError('secret')],
    ['a string', 'secret'],
    ['null', null],
    ['undefined', undefined],
    ['a symbol', Symbol('secret')],
    ['a function', () => 'secret'],
    ['an array', ['secret']],
    [
      'an object that throws',
      {
        get code() {
          throw new Error('secret');
        },
      },
    ],
    ['a revoked proxy', revoked()],
    ['a cause that refers to itself', cyclic],
    ['a promise', Promise.resolve('secret')],
  ])('%s', async (_, thrown) => {
    const received = await seen(thrown);
    expect(received).toMatchObject(INTERNAL);
    expect(everything(received)).not.toContain('secret');
  });

  test.each([404, 11000, -1, 0])('the code %s of a plain handler', async (code) => {
    expect(await seenOfPlain({ code, message: 'secret', details: 'secret' })).toMatchObject(INTERNAL);
  });
});

describe('an error of a server further down', () => {
  const trailers = new Metadata();
  trailers.set('x-downstream', 'secret');
  const sent = [
    new BusinessError('OUT_OF_STOCK', 'None left', { code: status.NOT_FOUND, metadata: { id: '7' } }),
    new StatusError(status.RESOURCE_EXHAUSTED, 'slow', {
      metadata: trailers,
      errorDetails: [errorDetail.retryInfo({ retryDelayMs: 5 })],
    }),
    new StatusError(status.UNKNOWN, 'who knows', { metadata: trailers }),
  ];

  const typed = [errorClientInterceptor()];
  const ways: [string, readonly Interceptor[], (back: TestServer) => Partial<TestServerOptions>][] = [
    [
      'the error of grpc-js',
      [],
      (back) => ({ handlers: { echo: async () => Promise.reject(await failingCalls.unary(back.rawClient)) } }),
    ],
    [
      'the error of grpc-js with errorClientInterceptor',
      typed,
      (back) => ({ handlers: { echo: async () => Promise.reject(await failingCalls.unary(back.rawClient)) } }),
    ],
    ['the error of promiseClient', [], (back) => ({ handlers: { echo: (request) => back.client.echo(request) } })],
    [
      'handed on by a plain handler, with errorClientInterceptor',
      typed,
      (back) => ({
        implementation: untyped({
          echo: (_, callback) => void failingCalls.unary(back.rawClient).then(callback),
        }),
      }),
    ],
  ];

  test.each(ways)(
    'passes with code, text and details, without its trailers: %s',
    async (_, clientInterceptors, front) => {
      for (const error of sent) {
        const back = await start({ handlers: throwing(() => error), clientInterceptors });
        const { rawClient } = await start({ interceptors: [errorServerInterceptor()], ...front(back) });
        const received = await failingCalls.unary(rawClient);
        expect(received).toMatchObject({ code: error.code, details: error.details });
        expect(StatusError.from(received).errorDetails).toEqual(error.errorDetails);
        expect(ownTrailers(received).filter((key) => key !== 'grpc-status-details-bin')).toEqual([]);
      }
    },
  );

  test('an odd code of it is UNKNOWN', async () => {
    const back = await start({ implementation: plain(() => ({ code: 404, details: 'odd' })) });
    const { rawClient } = await start({
      interceptors: [errorServerInterceptor()],
      handlers: { echo: async () => Promise.reject(await failingCalls.unary(back.rawClient)) },
    });
    expect(await failingCalls.unary(rawClient)).toMatchObject({ code: status.UNKNOWN, details: 'odd' });
  });
});

describe('domain', () => {
  const domainOf = (error: ServiceError) => findDetail(error, 'errorInfo')?.domain;

  test('fills what has none', async () => {
    expect(domainOf(await seen(new BusinessError('A', 'b'), { domain: 'shop' }))).toBe('shop');
    expect(domainOf(await seenOfPlain(new BusinessError('A', 'b'), { domain: 'shop' }))).toBe('shop');
  });

  test('leaves what has one', async () => {
    expect(domainOf(await seen(new BusinessError('A', 'b', { domain: 'mine' }), { domain: 'shop' }))).toBe('mine');
  });
});

describe('map', () => {
  class UniqueViolation extends Error {}

  test('is asked first, with the call', async () => {
    const map = vi.fn((error: unknown) =>
      error instanceof UniqueViolation
        ? new BusinessError('EXISTS', 'Already there', { code: status.ALREADY_EXISTS })
        : undefined,
    );
    const received = await seen(new UniqueViolation('secret'), { map });
    expect(received).toMatchObject({ code: 6, details: 'business error [EXISTS]: Already there' });
    expect(map.mock.calls[0]).toEqual([
      expect.any(UniqueViolation),
      expect.objectContaining({ peer: expect.any(String) as unknown }),
    ]);
    expect(await seen(new StatusError(status.NOT_FOUND, 'x'), { map })).toMatchObject({ code: 5 });
  });

  test('may replace one of ours', async () => {
    const map = (): StatusError => new StatusError(status.UNAVAILABLE, 'closed');
    expect(await seen(new StatusError(status.NOT_FOUND, 'x'), { map })).toMatchObject({ code: 14, details: 'closed' });
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['gives a promise', () => Promise.reject(new Error('secret'))],
    ['gives a text', () => 'secret'],
    ['gives a status', () => ({ code: 5, details: 'secret' })],
  ])('makes the error unknown when it %s', async (_, map) => {
    const onUnknown = vi.fn();
    const thrown = new StatusError(status.NOT_FOUND, 'x');
    expect(await seen(thrown, { map: map as unknown as ErrorServerOptions['map'], onUnknown })).toMatchObject(INTERNAL);
    expect(onUnknown.mock.calls[0]![0]).toBe(thrown);
  });
});

describe('onUnknown', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('logger down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('logger down'))],
  ])('changes nothing when it %s', async (_, onUnknown) => {
    expect(await seen(new Error('secret'), { onUnknown })).toMatchObject(INTERNAL);
  });
});

describe('exposeUnknown', () => {
  test('shows text and stack, for development', async () => {
    const received = await seen(new TypeError('shown'), { exposeUnknown: true });
    expect(received).toMatchObject({ code: status.INTERNAL, details: 'TypeError: shown' });
    expect(findDetail(received, 'debugInfo')?.stackEntries[0]).toMatch(/^at .*server-interceptor\.test/);
    expect(await seen('a text', { exposeUnknown: true })).toMatchObject({ details: "'a text'" });
  });

  test('of a plain handler: the text', async () => {
    expect(await seenOfPlain(new Error('shown'), { exposeUnknown: true })).toMatchObject({
      code: 13,
      details: 'shown',
    });
  });
});

describe('options', () => {
  test.each([
    [{ domain: '' }, /domain must be a non-empty string/],
    [{ map: 'x' }, /map must be a function, got 'x'/],
    [{ onUnknown: 1 }, /onUnknown must be a function/],
    [{ exposeUnknown: 'yes' }, /exposeUnknown must be true or false/],
    [null, /options must be an object/],
  ])('%j is refused at construction', (options, message) => {
    expect(() => errorServerInterceptor(options as ErrorServerOptions)).toThrow(message);
  });
});
