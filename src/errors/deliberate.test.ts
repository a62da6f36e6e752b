import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  Client,
  credentials,
  Metadata,
  status,
  type ServiceError,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { afterEach, expect, test, vi } from 'vitest';
import { errorDetail } from '../core/status/details.js';
import { StatusError } from '../core/status/status-error.js';
import { EchoRequest, startTestServer, type TestServer, type TestServerOptions } from '../testing/index.js';
import { failingCalls } from './fixtures/calls.js';
import { errorServerInterceptor, type ErrorServerOptions } from './index.js';

const open: TestServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function start(options: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer({ record: false, ...options });
  open.push(server);
  return server;
}

const everything = (error: ServiceError): string =>
  JSON.stringify([error.message, error.details, error.metadata.getMap()]);

const throwing = (failure: () => Promise<never>): TestServerOptions['handlers'] => ({
  echo: failure,
  clientEcho: failure,
  // eslint-disable-next-line require-yield
  async *serverEcho() {
    await failure();
  },
  // eslint-disable-next-line require-yield
  async *bidiEcho() {
    await failure();
  },
});

type Callback = (error: unknown) => void;
const plain = (failure: () => Promise<unknown>) =>
  ({
    echo: (_: unknown, callback: Callback) => void failure().catch(callback),
    clientEcho: (_: unknown, callback: Callback) => void failure().catch(callback),
    serverEcho: (call: { emit(event: string, error: unknown): void }) =>
      void failure().catch((error: unknown) => call.emit('error', error)),
    bidiEcho: (call: { emit(event: string, error: unknown): void }) =>
      void failure().catch((error: unknown) => call.emit('error', error)),
  }) as unknown as UntypedServiceImplementation;

const failingProcess = async (): Promise<never> => {
  await promisify(execFile)('sh', ['-c', 'echo "password hunter2" >&2; exit 7']);
  throw new Error('unreachable');
};

test.each(Object.entries(failingCalls))(
  '%s: the output of a failed process reaches onUnknown only',
  async (_, call) => {
    for (const front of [{ handlers: throwing(failingProcess) }, { implementation: plain(failingProcess) }]) {
      const onUnknown = vi.fn();
      const { rawClient } = await start({ interceptors: [errorServerInterceptor({ onUnknown })], ...front });
      const received = await call(rawClient);
      expect(received).toMatchObject({ code: status.INTERNAL, details: 'Internal error' });
      expect(everything(received)).not.toContain('hunter2');
      expect(onUnknown).toHaveBeenCalledOnce();
    }
  },
);

/** As the libraries make them: https://… of each is in docs/errors.md. */
const foreign: [string, object][] = [
  [
    'child_process',
    Object.assign(new Error('Command failed: secret'), { code: 1, killed: false, signal: null, cmd: 'secret' }),
  ],
  ['child_process, spread by a wrapper', { code: 2, message: 'secret', stdout: 'secret', stderr: 'secret' }],
  ['mongodb', Object.assign(new Error('secret'), { code: 13, codeName: 'Unauthorized' })],
  ['pg', Object.assign(new Error('secret'), { code: '23505', detail: 'secret', severity: 'ERROR' })],
  ['redis', Object.assign(new Error('WRONGPASS secret'), { code: 'WRONGPASS', command: 'AUTH secret' })],
  ['undici', Object.assign(new TypeError('fetch failed secret'), { code: 'UND_ERR_SOCKET' })],
  ['aws', Object.assign(new Error('secret'), { Code: 'AccessDenied', $metadata: { httpStatusCode: 403 } })],
  [
    'axios',
    Object.assign(new Error('secret'), { code: 'ERR_BAD_REQUEST', config: { headers: { authorization: 'secret' } } }),
  ],
  ['connect', Object.assign(new Error('secret'), { code: 7, rawMessage: 'secret', metadata: new Map(), details: [] })],
  ['an error with a text for details', Object.assign(new Error('secret'), { code: 5, details: 'secret' })],
  ['DOMException', Object.assign(new DOMException('secret', 'NotFoundError'))],
  ['geolocation', { code: 1, message: 'secret', PERMISSION_DENIED: 1 }],
];

test.each(foreign)('an error as of %s is unknown', async (_, thrown) => {
  const failure = () => Promise.reject(thrown);
  for (const front of [{ handlers: throwing(failure) }, { implementation: plain(failure) }]) {
    const { rawClient } = await start({ interceptors: [errorServerInterceptor()], ...front });
    const received = await failingCalls.unary(rawClient);
    expect(received).toMatchObject({ code: status.INTERNAL, details: 'Internal error' });
    expect(everything(received)).not.toContain('secret');
  }
});

test('trustCodes takes a code as grpc-js does', async () => {
  const failure = () => Promise.reject(Object.assign(new Error('none'), { code: status.NOT_FOUND }));
  for (const front of [{ handlers: throwing(failure) }, { implementation: plain(failure) }]) {
    const { rawClient } = await start({ interceptors: [errorServerInterceptor({ trustCodes: true })], ...front });
    expect(await failingCalls.unary(rawClient)).toMatchObject({ code: status.NOT_FOUND, details: 'none' });
  }
});

/** A call to nothing, by grpc-js's own client. */
function calling(target: string): () => Promise<never> {
  return () => {
    const client = new Client(target, credentials.createInsecure());
    return new Promise((_, reject) => {
      const bytes = (value: Buffer): Buffer => value;
      client.makeUnaryRequest('/a.B/C', bytes, bytes, Buffer.alloc(0), (error) => {
        client.close();
        reject(error!);
      });
    });
  };
}

test.each(['127.0.0.1:1', 'dns:///payments-db-7.invalid:1', 'unix:/run/payments-db-7.sock'])(
  'what the local client says of %s stays inside',
  async (target) => {
    for (const front of [{ handlers: throwing(calling(target)) }, { implementation: plain(calling(target)) }]) {
      const { rawClient } = await start({ interceptors: [errorServerInterceptor()], ...front });
      const received = await failingCalls.unary(rawClient);
      expect(received.code).toBe(status.UNAVAILABLE);
      expect(everything(received)).not.toMatch(/127\.0\.0\.1|payments|ECONN|connect|ENOENT/);
    }
  },
);

test('the text of a deadline that names the address stays inside', async () => {
  const text = 'Deadline exceeded after 0.013s,name resolution: 0.002s,remote_addr=10.0.0.7:5005';
  const failure = () =>
    Promise.reject(
      Object.assign(new Error(`4 DEADLINE_EXCEEDED: ${text}`), { code: 4, details: text, metadata: new Metadata() }),
    );
  for (const interceptors of [[errorServerInterceptor()], []]) {
    const { rawClient } = await start({ interceptors, handlers: throwing(failure) });
    expect((await failingCalls.unary(rawClient)).details).toBe('Deadline exceeded');
  }
});

test('DebugInfo of a server further down does not cross', async () => {
  const sent = new StatusError(status.ABORTED, 'x', {
    errorDetails: [
      errorDetail.debugInfo({ stackEntries: ['at secret'], detail: 'secret' }),
      errorDetail.requestInfo({ requestId: 'r' }),
    ],
  });
  const back = await start({ handlers: throwing(() => Promise.reject(sent)) });
  const ways = [
    () => back.client.echo(EchoRequest.create()),
    async () => Promise.reject(await failingCalls.unary(back.rawClient)),
  ];
  for (const way of ways) {
    const fronts = [{ handlers: { echo: way } }, { implementation: plain(way) }];
    for (const front of fronts) {
      for (const domain of [undefined, 'shop']) {
        const { rawClient } = await start({ interceptors: [errorServerInterceptor({ domain })], ...front });
        const received = await failingCalls.unary(rawClient);
        expect(StatusError.from(received).errorDetails.map(({ type }) => type)).toEqual(['requestInfo']);
      }
    }
  }
});

test('UNAUTHENTICATED of a server further down is INTERNAL unless it is mapped', async () => {
  const back = await start({
    handlers: throwing(() => Promise.reject(new StatusError(status.UNAUTHENTICATED, 'Invalid credentials'))),
  });
  const seen = async (options: ErrorServerOptions, front: Partial<TestServerOptions>) => {
    const { rawClient } = await start({ interceptors: [errorServerInterceptor(options)], ...front });
    return failingCalls.unary(rawClient);
  };
  const way = () => back.client.echo(EchoRequest.create());
  const bare = async () => Promise.reject(await failingCalls.unary(back.rawClient));
  const internal = { code: status.INTERNAL, details: 'Internal error' };
  for (const failure of [way, bare]) {
    const onUnknown = vi.fn();
    expect(await seen({ onUnknown }, { handlers: { echo: failure } })).toMatchObject(internal);
    expect(await seen({ onUnknown }, { implementation: plain(failure) })).toMatchObject(internal);
    expect(onUnknown).toHaveBeenCalledTimes(2);
  }
  const map = (error: unknown) => StatusError.from(error);
  expect(await seen({ map }, { handlers: { echo: way } })).toMatchObject({ code: status.UNAUTHENTICATED });
  const { rawClient } = await start({ handlers: { echo: way } });
  expect(await failingCalls.unary(rawClient)).toMatchObject(internal);
});
