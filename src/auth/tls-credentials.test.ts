import { X509Certificate } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { ServerCredentials, credentials, status, type ChannelCredentials } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { StatusError } from '../core/status-error.js';
import { EchoRequest, startTestServer, type TestServer } from '../testing/index.js';
import { allow } from './allow.js';
import {
  makeAuthority,
  makeDirectory,
  makeSelfSigned,
  type TestAuthority,
  type TestCertificate,
  type TestCertificateOptions,
} from './fixtures/certificates.js';
import { currentIdentity } from './identity.js';
import { certificateIdentity, mtlsAuthenticator } from './mtls-authenticator.js';
import { definePolicy } from './policy.js';
import { authServerInterceptor } from './server-interceptor.js';
import { tlsChannelCredentials } from './tls-channel-credentials.js';
import { tlsServerCredentials, type TlsServerOptions } from './tls-server-credentials.js';
import type { TlsReload } from './tls-reloader.js';

let authority: TestAuthority;
let directory: ReturnType<typeof makeDirectory>;
let caFile: string;
let running: TestServer | undefined;

beforeAll(async () => {
  authority = await makeAuthority();
});
beforeEach(() => {
  directory = makeDirectory();
  caFile = directory.write('ca.crt', authority.cert);
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  directory.remove();
});

const store = (name: string, { cert, key }: TestCertificate) => ({
  certFile: directory.write(`${name}.crt`, cert),
  keyFile: directory.write(`${name}.key`, key),
});
const issued = async (name: string, options?: TestCertificateOptions) => store(name, await authority.issue(options));
const server = async (given: Partial<TlsServerOptions> = {}): Promise<ServerCredentials> =>
  tlsServerCredentials({ ...(await issued('server')), ...given });

async function start(
  serverCredentials: ServerCredentials,
  channelCredentials: ChannelCredentials,
): Promise<TestServer> {
  const auth = authServerInterceptor({
    authenticate: mtlsAuthenticator(),
    policy: definePolicy({ [`${ECHO}/Echo`]: allow.anyone, [`${ECHO}/*`]: allow.authenticated }),
  });
  running = await startTestServer({
    interceptors: [auth],
    serverCredentials,
    channelCredentials,
    handlers: {
      echo: async () => ({ text: currentIdentity()?.subject ?? 'nobody', count: 1, payload: Buffer.alloc(0) }),
    },
    // Connections are not shared with other channels, so that each client makes its own.
    clientOptions: OWN_CONNECTION,
  });
  return running;
}

const ECHO = 'grpc_js_middleware.testing.v1.EchoService';
const OWN_CONNECTION = { 'grpc.use_local_subchannel_pool': 1 };

/** Whom the server takes this client for, or why it does not answer. */
async function whoAmI(client = running!.client): Promise<string> {
  try {
    return (await client.echo(EchoRequest.create({}))).text;
  } catch (error) {
    const { code, details } = StatusError.from(error);
    return `${status[code]} ${details}`;
  }
}

/** The same over a connection of its own, so with what is in the files by now. */
const whoAmINow = (): Promise<string> => whoAmI(running!.connect(OWN_CONNECTION));

describe('mTLS', () => {
  test.each<[string, TestCertificateOptions]>([
    ['spiffe://shop.example/orders', { uris: ['spiffe://shop.example/orders'], dnsNames: ['orders'], commonName: 'o' }],
    ['orders.shop.example', { dnsNames: ['orders.shop.example'], commonName: 'o' }],
    ['Order Service', { commonName: 'Order Service' }],
  ])('a verified certificate makes its holder known as %s', async (subject, options) => {
    await start(
      await server({ clientCaFile: caFile }),
      tlsChannelCredentials({ caFile, ...(await issued('client', options)) }),
    );
    expect(await whoAmI()).toBe(subject);
    expect(await running!.client.clientEcho([EchoRequest.create({ text: 'x' })])).toMatchObject({ text: 'x' });
  });

  test('a certificate is read once per connection', async () => {
    const identify = vi.fn(certificateIdentity);
    const auth = authServerInterceptor({
      authenticate: mtlsAuthenticator({ identify }),
      policy: definePolicy({ '*': allow.authenticated }),
    });
    running = await startTestServer({
      interceptors: [auth],
      serverCredentials: await server({ clientCaFile: caFile }),
      channelCredentials: tlsChannelCredentials({ caFile, ...(await issued('client', { commonName: 'x' })) }),
      clientOptions: OWN_CONNECTION,
    });
    const all = Array.from({ length: 5 }, () => running!.client.echo(EchoRequest.create({})));
    await Promise.all(all);
    expect(identify).toHaveBeenCalledTimes(1);
    await running.connect(OWN_CONNECTION).echo(EchoRequest.create({}));
    expect(identify).toHaveBeenCalledTimes(2);
  });

  test('a connection without a certificate is refused, or unknown where none is required', async () => {
    await start(await server({ clientCaFile: caFile }), tlsChannelCredentials({ caFile }));
    expect(await whoAmI()).toContain('UNAVAILABLE');
    await running!.close();
    await start(
      await server({ clientCaFile: caFile, requireClientCertificate: false }),
      tlsChannelCredentials({ caFile }),
    );
    expect(await whoAmI()).toBe('nobody');
    const call = running!.client.clientEcho([EchoRequest.create({})]);
    await expect(call).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  test('a self-signed certificate is refused, or counts as none', async () => {
    const { cert, key } = await makeSelfSigned();
    const client = credentials.createSsl(Buffer.from(authority.cert), Buffer.from(key), Buffer.from(cert));
    await start(await server({ clientCaFile: caFile }), client);
    expect(await whoAmI()).toContain('UNAVAILABLE');
    await running!.close();
    await start(await server({ clientCaFile: caFile, requireClientCertificate: false }), client);
    expect(await whoAmI()).toBe('nobody');
  });

  test('an expired certificate is refused, or counts as none', async () => {
    const { cert, key } = await authority.issue({ commonName: 'old', notAfter: new Date(Date.now() - 1000) });
    const client = credentials.createSsl(Buffer.from(authority.cert), Buffer.from(key), Buffer.from(cert));
    await start(await server({ clientCaFile: caFile }), client);
    expect(await whoAmI()).toContain('UNAVAILABLE');
    await running!.close();
    await start(await server({ clientCaFile: caFile, requireClientCertificate: false }), client);
    expect(await whoAmI()).toBe('nobody');
  });

  test('nobody is asked for a certificate where no authority is given', async () => {
    await start(await server(), tlsChannelCredentials({ caFile, ...(await issued('client', { commonName: 'x' })) }));
    expect(await whoAmI()).toBe('nobody');
  });
});

describe('a client refuses a server', () => {
  const withCertificate = ({ cert, key }: TestCertificate): ServerCredentials =>
    ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }]);

  test('with a self-signed certificate', async () => {
    await start(withCertificate(await makeSelfSigned()), tlsChannelCredentials({ caFile }));
    expect(await whoAmI()).toMatch(/^UNAVAILABLE .*(self-signed|unable to verify|issuer certificate)/);
  });

  test('with an expired certificate', async () => {
    const expired = await authority.issue({ notAfter: new Date(Date.now() - 1000) });
    await start(withCertificate(expired), tlsChannelCredentials({ caFile }));
    expect(await whoAmI()).toMatch(/^UNAVAILABLE .*expired/);
  });

  test('with a certificate of another host', async () => {
    await start(
      withCertificate(await authority.issue({ dnsNames: ['shop.example'] })),
      tlsChannelCredentials({ caFile }),
    );
    expect(await whoAmI()).toMatch(/^UNAVAILABLE .*IP: 127\.0\.0\.1 is not in the cert/);
  });

  test('that an authority of the system would have to vouch for', async () => {
    await start(await server(), tlsChannelCredentials());
    expect(await whoAmI()).toMatch(/^UNAVAILABLE /);
  });
});

describe('files that are replaced', () => {
  const reloads: TlsReload[] = [];
  let reloaded: () => void;
  /** Settles with the next report of a reload. */
  let nextReload: Promise<void>;
  const expectReload = (): void => {
    nextReload = new Promise((resolve) => (reloaded = resolve));
  };
  const onReload = (reload: TlsReload): void => {
    reloads.push(reload);
    reloaded();
  };

  beforeEach(() => {
    reloads.length = 0;
    expectReload();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** The serial number of the certificate that a new connection is shown. */
  const servedSerial = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: running!.port, ca: authority.cert, ALPNProtocols: ['h2'] };
      const socket = connectTls(options, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  const serialOf = ({ cert }: TestCertificate): string => new X509Certificate(cert).serialNumber;

  /** Lets the interval pass and waits for what it finds. */
  async function passInterval(): Promise<void> {
    vi.advanceTimersByTime(60_000);
    await nextReload;
    expectReload();
  }

  test('server: new connections see the new certificate, and no call is dropped', async () => {
    const [first, second] = [await authority.issue(), await authority.issue()];
    const clientFiles = await issued('client', { commonName: 'x' });
    await start(
      tlsServerCredentials({
        ...store('server', first),
        clientCaFile: caFile,
        requireClientCertificate: false,
        onReload,
      }),
      tlsChannelCredentials({ caFile, ...clientFiles }),
    );
    const requests = new PassThrough({ objectMode: true });
    const stream = running!.client.bidiEcho(requests);
    requests.write(EchoRequest.create({ text: 'before' }));
    expect((await stream.next()).value).toMatchObject({ text: 'before' });
    expect(await servedSerial()).toBe(serialOf(first));

    store('server', second);
    await passInterval();
    expect(reloads).toEqual([{ ok: true }]);
    expect(await servedSerial()).toBe(serialOf(second));
    requests.end(EchoRequest.create({ text: 'after' }));
    expect((await stream.next()).value).toMatchObject({ text: 'after' });
    expect((await stream.next()).done).toBe(true);
  });

  test('server: a broken file is reported once, and the last good certificate stays until it is mended', async () => {
    const [first, second] = [await authority.issue(), await authority.issue()];
    const { certFile } = store('server', first);
    await start(
      tlsServerCredentials({ certFile, keyFile: certFile.replace('.crt', '.key'), onReload }),
      tlsChannelCredentials({ caFile }),
    );
    // The certificate is there before its key is.
    directory.write('server.crt', second.cert);
    await passInterval();
    expect(reloads).toMatchObject([
      { ok: false, error: { message: expect.stringContaining('is not the key') as string } },
    ]);
    expect(await servedSerial()).toBe(serialOf(first));
    expect(await whoAmINow()).toBe('nobody');

    directory.write('server.crt', 'half');
    await passInterval();
    expect(reloads[1]).toMatchObject({
      ok: false,
      error: { message: `tlsServerCredentials: certFile: ${certFile} holds no certificate in PEM` },
    });
    expect(await servedSerial()).toBe(serialOf(first));

    store('server', second);
    await passInterval();
    expect(reloads).toHaveLength(3);
    expect(await servedSerial()).toBe(serialOf(second));
  });

  test('server: an authority that is replaced decides about new connections', async () => {
    const other = await makeAuthority('Another authority');
    const files = await issued('server');
    const client = store('client', await other.issue({ commonName: 'theirs' }));
    const ownCa = directory.write('clients.crt', authority.cert);
    await start(
      tlsServerCredentials({ ...files, clientCaFile: ownCa, onReload }),
      tlsChannelCredentials({ caFile, ...client }),
    );
    expect(await whoAmINow()).toContain('UNAVAILABLE');
    directory.write('clients.crt', `${authority.cert}\n${other.cert}`);
    await passInterval();
    expect(await whoAmINow()).toBe('theirs');
  });

  test('server: without onReload a fault is a process warning', async () => {
    const warned = new Promise<string>((resolve) => {
      vi.spyOn(process, 'emitWarning').mockImplementation((text) => resolve(String(text)));
    });
    await start(await server(), tlsChannelCredentials({ caFile }));
    directory.write('server.key', 'half');
    vi.advanceTimersByTime(60_000);
    expect(await warned).toMatch(/server\.key holds no private key in PEM; the files read before stay in use/);
    vi.restoreAllMocks();
  });

  test('server: no timer outlives the server', async () => {
    await start(await server(), tlsChannelCredentials({ caFile }));
    expect(vi.getTimerCount()).toBe(1);
    await running!.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('client: the next connection after the interval uses what is there by then', async () => {
    const client = await issued('client', { commonName: 'first' });
    await start(await server({ clientCaFile: caFile }), tlsChannelCredentials({ caFile, ...client, onReload }));
    expect(await whoAmI()).toBe('first');
    await issued('client', { commonName: 'second' });
    expect(await whoAmINow()).toBe('first');
    vi.advanceTimersByTime(60_000);
    expect(await whoAmINow()).toBe('second');
    expect(await whoAmI()).toBe('first');
    expect(reloads).toEqual([{ ok: true }]);
  });

  test('client: a broken file leaves the last good ones in use', async () => {
    const client = await issued('client', { commonName: 'first' });
    await start(await server({ clientCaFile: caFile }), tlsChannelCredentials({ caFile, ...client, onReload }));
    directory.write('client.key', 'half');
    vi.advanceTimersByTime(60_000);
    expect(await whoAmINow()).toBe('first');
    expect(reloads).toMatchObject([{ ok: false, error: { message: expect.stringContaining('client.key') as string } }]);
  });
});
