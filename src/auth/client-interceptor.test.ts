import { Metadata, credentials, status, type ChannelCredentials, type Interceptor } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StatusError } from '../core/status-error.js';
import {
  EchoRequest,
  EchoServiceClient,
  collect,
  recordClientEvents,
  startTestServer,
  EventLog,
  type TestServer,
} from '../testing/index.js';
import { authClientInterceptor, type AuthClientOptions } from './client-interceptor.js';
import { makeAuthority, makeDirectory } from './fixtures/certificates.js';
import { claims, macced, secondsFromNow, SECRET } from './fixtures/tokens.js';
import { isLocalTarget } from './local-target.js';
import { tlsChannelCredentials } from './tls-channel-credentials.js';
import { tlsServerCredentials } from './tls-server-credentials.js';
import { defineServerInterceptor } from '../core/define.js';
import type { GetToken } from './token-source.js';

/** Authorization values in the order in which they came; what is in `revoked` is refused. */
const seen: (string | undefined)[] = [];
const revoked = new Set<string>();
const door = defineServerInterceptor('door', () => (call) => ({
  admit() {
    const value = call.metadata.get('authorization')[0]?.toString();
    seen.push(value);
    if (value !== undefined && revoked.has(value)) throw new StatusError(status.UNAUTHENTICATED, 'revoked');
  },
}));

let running: TestServer | undefined;
beforeEach(() => {
  seen.length = 0;
  revoked.clear();
});
afterEach(async () => {
  vi.useRealTimers();
  await running?.close();
  running = undefined;
});

async function start(options: AuthClientOptions): Promise<TestServer> {
  return (running = await startTestServer({
    interceptors: [door],
    clientInterceptors: [authClientInterceptor(options)],
  }));
}
const request = EchoRequest.create({ text: 'x' });
const call = (metadata = new Metadata()) => running!.client.echo(request, { metadata });
/** Tokens `t1`, `t2`, … */
const counting = () => {
  let count = 0;
  return vi.fn<GetToken>(async () => `t${++count}`);
};

describe('the token', () => {
  test('goes with calls of every kind', async () => {
    const { client } = await start({ token: 'abc' });
    await client.echo(request);
    await collect(client.serverEcho(request));
    await client.clientEcho([request]);
    await collect(client.bidiEcho([request]));
    expect(seen).toEqual(Array(4).fill('Bearer abc'));
  });

  test('stands after the scheme', async () => {
    await start({ token: 'abc', scheme: 'ApiKey' });
    await call();
    expect(seen).toEqual(['ApiKey abc']);
  });

  test('gives way to the call’s own authorization', async () => {
    const token = counting();
    await start({ token });
    const metadata = new Metadata();
    metadata.set('authorization', 'Basic own');
    await call(metadata);
    expect(seen).toEqual(['Basic own']);
    expect(token).not.toHaveBeenCalled();
  });

  test('leaves the caller’s metadata as it is', async () => {
    await start({ token: 'abc' });
    const metadata = new Metadata();
    await call(metadata);
    expect(metadata.get('authorization')).toEqual([]);
  });
});

describe('a token source', () => {
  test('is asked once for concurrent and later calls', async () => {
    const token = counting();
    await start({ token });
    await Promise.all([call(), call(), call()]);
    await call();
    expect(token).toHaveBeenCalledTimes(1);
    expect(token).toHaveBeenCalledWith(
      expect.objectContaining({ target: expect.stringContaining(running!.address) as string }),
    );
    expect(seen).toEqual(Array(4).fill('Bearer t1'));
  });

  test('that answers at once holds up no call', async () => {
    await start({ token: () => 'now' });
    await call();
    expect(seen).toEqual(['Bearer now']);
  });

  test('is asked again after UNAUTHENTICATED, and by then once', async () => {
    const token = counting();
    await start({ token });
    revoked.add('Bearer t1');
    await expect(Promise.all([call(), call()])).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    await Promise.all([call(), call()]);
    expect(token).toHaveBeenCalledTimes(2);
    expect(seen.slice(-2)).toEqual(['Bearer t2', 'Bearer t2']);
  });

  test('a late refusal of an old token does not cost a new one', async () => {
    const token = counting();
    const { client } = await start({ token });
    const slow = client.echo(EchoRequest.create({ delayMs: 100, errorCode: status.UNAUTHENTICATED }));
    slow.catch(() => {});
    await vi.waitUntil(() => seen.length === 1);
    revoked.add('Bearer t1');
    await expect(call()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    await call();
    await expect(slow).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    await call();
    expect(token).toHaveBeenCalledTimes(2);
  });

  test('other failures forget no token', async () => {
    const token = counting();
    const { client } = await start({ token });
    await expect(client.echo(EchoRequest.create({ errorCode: status.PERMISSION_DENIED }))).rejects.toThrow();
    await call();
    expect(token).toHaveBeenCalledTimes(1);
  });

  test('that fails makes its calls UNAVAILABLE, and is asked again by the next', async () => {
    const token = vi.fn<GetToken>(() => Promise.reject(new Error('client_secret=hunter2')));
    const { events } = await start({ token });
    await expect(Promise.all([call(), call()])).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: 'No token could be had',
    });
    expect(token).toHaveBeenCalledTimes(1);
    expect((await events.until({ side: 'client', hook: 'onEnd' })).details).not.toContain('hunter2');
    token.mockResolvedValue('t');
    await call();
    expect(seen).toEqual(['Bearer t']);
  });

  test('that throws a StatusError decides the code', async () => {
    await start({
      token: () => {
        throw new StatusError(status.FAILED_PRECONDITION, 'sign in first');
      },
    });
    await expect(call()).rejects.toMatchObject({ code: status.FAILED_PRECONDITION, details: 'sign in first' });
  });

  test.each([undefined, '', 'a b', 'a\nb', 'ü', 7, {}, { token: 'x' }, { token: '', expiresAt: 1e15 }])(
    'that gives %j fails the call, and shows it to nobody',
    async (token) => {
      await start({ token: (() => token) as never });
      await expect(call()).rejects.toMatchObject({ code: status.UNAVAILABLE, details: 'No token could be had' });
      expect(seen).toEqual([]);
    },
  );

  test('with perCall is asked for every call', async () => {
    const token = counting();
    await start({ token, perCall: true });
    await Promise.all([call(), call()]);
    await call();
    expect(seen.toSorted()).toEqual(['Bearer t1', 'Bearer t2', 'Bearer t3']);
  });
});

describe('a token that expires', () => {
  const lasting = (seconds: number, n: number): string => macced(SECRET, claims({ exp: secondsFromNow(seconds), n }));
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });

  test('is refreshed before it does, while calls go on with it', async () => {
    let arrive!: (token: string) => void;
    const token = vi
      .fn<GetToken>()
      .mockReturnValueOnce(lasting(300, 1))
      .mockReturnValueOnce(new Promise((resolve) => (arrive = resolve)));
    await start({ token });
    await call();
    vi.advanceTimersByTime(269_000);
    await call();
    expect(token).toHaveBeenCalledTimes(1);

    vi.advanceTimersByTime(1_000);
    await Promise.all([call(), call()]);
    expect(token).toHaveBeenCalledTimes(2);
    expect(new Set(seen).size).toBe(1);
    arrive(lasting(300, 2));
    await new Promise(setImmediate);
    await call();
    expect(new Set(seen).size).toBe(2);
  });

  test('is used to its end while the source fails, which is asked once in a second', async () => {
    const token = vi
      .fn<GetToken>()
      .mockReturnValueOnce({ token: 'opaque', expiresAt: Date.now() + 60_000 })
      .mockRejectedValue(new Error('down'));
    await start({ token });
    await call();
    vi.advanceTimersByTime(30_000);
    for (let i = 0; i < 3; i++) await call();
    expect(token).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1_000);
    await call();
    expect(token).toHaveBeenCalledTimes(3);
    expect(new Set(seen)).toEqual(new Set(['Bearer opaque']));
    vi.advanceTimersByTime(29_000);
    await expect(call()).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test('and is short-lived is not fetched for every call', async () => {
    const token = vi.fn<GetToken>(() => lasting(20, 1));
    await start({ token });
    for (let i = 0; i < 3; i++) await call();
    expect(token).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(10_000);
    await call();
    expect(token).toHaveBeenCalledTimes(2);
  });

  test.each(['a.b.c', 'a.bnVsbA.c', 'opaque'])('%s has no end that can be read, and is kept', async (opaque) => {
    const token = vi.fn<GetToken>(() => opaque);
    await start({ token });
    await call();
    vi.advanceTimersByTime(1e9);
    await call();
    expect(token).toHaveBeenCalledTimes(1);
  });
});

describe('plaintext', () => {
  /** How a call to a target that need not exist ends. */
  async function callTo(
    target: string,
    options: Partial<AuthClientOptions> = {},
    channel: ChannelCredentials = credentials.createInsecure(),
  ) {
    const token = vi.fn<GetToken>(() => 'abc');
    const events = new EventLog();
    const interceptors: Interceptor[] = [recordClientEvents(events), authClientInterceptor({ token, ...options })];
    const client = new EchoServiceClient(target, channel, { interceptors });
    const error = await new Promise((resolve) => {
      client.echo(request, new Metadata(), { deadline: Date.now() + 50 }, resolve);
    });
    client.close();
    return { error: error as StatusError, asked: token.mock.calls.length };
  }

  test('carries no token to another machine, and the source is not asked', async () => {
    const { error, asked } = await callTo('192.0.2.1:443');
    expect(error).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: expect.stringMatching(/not sent over plaintext to .*192\.0\.2\.1:443/) as string,
    });
    expect(asked).toBe(0);
  });

  test('does so with allowInsecure', async () => {
    const { error, asked } = await callTo('192.0.2.1:443', { allowInsecure: true });
    expect(error.code).not.toBe(status.UNAUTHENTICATED);
    expect(asked).toBe(1);
  });

  test('TLS carries it anywhere', async () => {
    const { error, asked } = await callTo('192.0.2.1:443', {}, credentials.createSsl());
    expect(error.code).not.toBe(status.UNAUTHENTICATED);
    expect(asked).toBe(1);
  });

  test('a closed channel is said to be closed', async () => {
    const { client, rawClient } = await start({ token: 'abc' });
    rawClient.close();
    await expect(client.echo(request)).rejects.toThrow(/closed/);
  });

  test('over TLS it arrives', async () => {
    const authority = await makeAuthority();
    const { cert, key } = await authority.issue();
    const { write, remove } = makeDirectory();
    running = await startTestServer({
      interceptors: [door],
      clientInterceptors: [authClientInterceptor({ token: 'abc' })],
      serverCredentials: tlsServerCredentials({ certFile: write('crt', cert), keyFile: write('key', key) }),
      channelCredentials: tlsChannelCredentials({ caFile: write('ca', authority.cert) }),
    });
    await call();
    expect(seen).toEqual(['Bearer abc']);
    remove();
  });

  test.each([
    'localhost:1',
    'LOCALHOST',
    'shop.localhost:1',
    'localhost.',
    '127.0.0.1:1',
    '127.1.2.3',
    '[::1]:1',
    '::1',
    'dns:localhost:1',
    'dns:///localhost:1',
    'dns://8.8.8.8/localhost:1',
    'dns:[::1]:1',
    'ipv4:127.0.0.1:1,127.0.0.2:1',
    'ipv6:[::1]:1',
    'ipv6:::1',
    'unix:/run/shop.sock',
    'unix:///run/shop.sock',
    'unix-abstract:shop',
  ])('%s is this machine', (target) => {
    expect(isLocalTarget(target)).toBe(true);
  });

  test.each([
    '',
    'shop.example:443',
    'localhost.example:1',
    '127.0.0.1.example:1',
    'notlocalhost',
    '10.0.0.1:1',
    '0.0.0.0:1',
    '[::2]:1',
    '[::]:1',
    '2001:db8::1',
    'dns:///shop.example',
    'dns://127.0.0.1/shop.example',
    'dns://localhost',
    'ipv4:127.0.0.1:1,10.0.0.1:1',
    'ipv6:[::1]:1,[2001:db8::1]:1',
    'static:///localhost:1',
    'static:localhost',
    'xds:///localhost',
    'localhost@evil.example',
    'evil.example/unix:',
  ])('%s need not be', (target) => {
    expect(isLocalTarget(target)).toBe(false);
  });
});

test.each<[string, object, RegExp]>([
  ['no token', {}, /token must be/],
  ['an empty token', { token: '' }, /token must be/],
  ['a token with a line break', { token: 'a\nb' }, /token must be/],
  ['a scheme of two words', { token: 'a', scheme: 'Bearer of' }, /scheme must be one word/],
  ['allowInsecure as text', { token: 'a', allowInsecure: 'yes' }, /allowInsecure must be true or false/],
  ['a negative margin', { token: 'a', refreshBeforeMs: -1 }, /refreshBeforeMs must be/],
])('%s is refused at construction', (_, options, message) => {
  expect(() => authClientInterceptor(options as AuthClientOptions)).toThrow(message);
});

test('an error does not show the token', () => {
  expect(() => authClientInterceptor({ token: 'secret token' })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('secret') as string }) as Error,
  );
});
