import { X509Certificate } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  authority,
  caFile,
  directory,
  issued,
  running,
  server,
  start,
  store,
  whoAmI,
  whoAmINow,
} from '../../test/support/tls-echo.js';
import { EchoRequest } from '../testing/index.js';
import { makeAuthority, type TestCertificate } from './fixtures/certificates.js';
import { tlsChannelCredentials } from './tls-channel-credentials.js';
import type { TlsReload } from './tls-reloader.js';
import { tlsServerCredentials } from './tls-server-credentials.js';

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
