import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { credentials, Metadata, status } from '@grpc/grpc-js';
import { afterEach, expect, test, vi } from 'vitest';
import { call, counting, door, request, revoked, seen, start } from '../../test/support/token-door.js';
import { EchoServiceClient, startTestServer } from '../testing/index.js';
import { authClientInterceptor } from './client-interceptor.js';
import type { GetToken } from './token-source.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('one token fetch that hangs does not block the calls after it', async () => {
  const token = vi.fn<GetToken>(() => 'good').mockReturnValueOnce(new Promise(() => {}));
  await start({ token, timeoutMs: 20 });
  await expect(call()).rejects.toMatchObject({ code: status.UNAVAILABLE, details: 'Could not obtain a token' });
  await call();
  expect(seen).toEqual(['Bearer good']);
});

test('a hanging token function with perCall fails its own call', async () => {
  await start({ token: () => new Promise(() => {}), perCall: true, timeoutMs: 20 });
  await expect(call()).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

test('a server that refuses every token does not cost a fetch per call', async () => {
  const token = counting();
  await start({ token, initialBackoffMs: 3_600_000, maxBackoffMs: 3_600_000 });
  for (let n = 1; n <= 20; n++) revoked.add(`Bearer t${n}`);
  for (let n = 1; n <= 20; n++) await expect(call()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  expect(token).toHaveBeenCalledTimes(2);
  revoked.clear();
  await call();
  revoked.add('Bearer t2');
  await expect(call()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  expect(token).toHaveBeenCalledTimes(2);
});

test('a token function that always fails is left alone for longer and longer', async () => {
  const token = vi.fn<GetToken>(() => Promise.reject(new Error('away')));
  await start({ token, initialBackoffMs: 3_600_000, maxBackoffMs: 3_600_000 });
  for (let n = 1; n <= 20; n++) await expect(call()).rejects.toMatchObject({ code: status.UNAVAILABLE });
  expect(token).toHaveBeenCalledTimes(2);
});

/** A proxy that connects every tunnel to one place, and notes where each was to go. */
async function proxyTo(port: number) {
  const asked: string[] = [];
  const proxy = createServer();
  const sockets = new Set<{ destroy(): void }>();
  proxy.on('connect', ({ url }, socket) => {
    asked.push(url!);
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const each of [socket, onward]) {
      sockets.add(each);
      each.on('error', () => {});
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('no_proxy', '');
  vi.stubEnv('grpc_proxy', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  const close = (): void => {
    sockets.forEach((each) => each.destroy());
    proxy.close();
  };
  return { asked, close };
}

const ask = (client: EchoServiceClient) =>
  new Promise((resolve) => client.echo(request, new Metadata(), { deadline: Date.now() + 20_000 }, resolve));

test('behind a proxy, plaintext carries no token, wherever the proxy and the target are', async () => {
  const server = await startTestServer({ interceptors: [door] });
  const { close } = await proxyTo(Number(server.address.split(':').at(-1)));
  const token = vi.fn<GetToken>(() => 'abc');
  for (const target of ['shop.example:443', 'localhost:443', '127.0.0.1:443']) {
    const client = new EchoServiceClient(target, credentials.createInsecure(), {
      interceptors: [authClientInterceptor({ token })],
    });
    expect(await ask(client)).toMatchObject({ code: status.UNAUTHENTICATED });
    client.close();
  }
  expect(token).not.toHaveBeenCalled();
  expect(seen).toEqual([]);
  close();
  await server.close();
});

test('behind a proxy, two targets have a token each', async () => {
  const server = await startTestServer({ interceptors: [door] });
  const { asked, close } = await proxyTo(Number(server.address.split(':').at(-1)));
  const token = vi.fn<GetToken>(({ target }) => `for-${target.replace(/\W+/g, '-')}`);
  const auth = authClientInterceptor({ token, allowInsecure: true });
  for (const target of ['a.example:443', 'b.example:443']) {
    const client = new EchoServiceClient(target, credentials.createInsecure(), { interceptors: [auth] });
    expect(await ask(client)).toBeNull();
    client.close();
  }
  expect(asked).toEqual(['a.example:443', 'b.example:443']);
  expect(seen).toEqual([expect.stringContaining('a-example'), expect.stringContaining('b-example')]);
  close();
  await server.close();
});
