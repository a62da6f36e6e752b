import { Metadata, credentials, status, type ChannelCredentials, type Interceptor } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { call, counting, door, request, seen, start } from '../../test/support/token-door.js';
import type { StatusError } from '../core/status/status-error.js';
import { EchoServiceClient, EventLog, collect, recordClientEvents, startTestServer } from '../testing/index.js';
import { authClientInterceptor, type AuthClientOptions } from './client-interceptor.js';
import { makeAuthority, makeDirectory } from './fixtures/certificates.js';
import { tlsChannelCredentials } from './tls-channel-credentials.js';
import { tlsServerCredentials } from './tls-server-credentials.js';
import type { GetToken } from './token-source.js';

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
      client.echo(request, new Metadata(), { deadline: Date.now() + 200 }, resolve);
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
    await expect(client.echo(request)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test('over TLS it arrives', async () => {
    const authority = await makeAuthority();
    const { cert, key } = await authority.issue();
    const { write, remove } = makeDirectory();
    const secure = await startTestServer({
      interceptors: [door],
      clientInterceptors: [authClientInterceptor({ token: 'abc' })],
      serverCredentials: tlsServerCredentials({ certFile: write('crt', cert), keyFile: write('key', key) }),
      channelCredentials: tlsChannelCredentials({ caFile: write('ca', authority.cert) }),
    });
    await secure.client.echo(request);
    expect(seen).toEqual(['Bearer abc']);
    await secure.close();
    remove();
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
