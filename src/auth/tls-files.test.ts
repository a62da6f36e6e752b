import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeAuthority, makeDirectory, type TestAuthority, type TestCertificate } from './fixtures/certificates.js';
import { tlsChannelCredentials, type TlsChannelOptions } from './tls-channel-credentials.js';
import { TlsReloader } from './tls-reloader.js';
import { tlsServerCredentials, type TlsServerOptions } from './tls-server-credentials.js';

const directory = makeDirectory();
const { write } = directory;
let authority: TestAuthority;
let certificate: TestCertificate;
let good: { certFile: string; keyFile: string };

beforeAll(async () => {
  authority = await makeAuthority();
  certificate = await authority.issue();
  good = { certFile: write('good.crt', certificate.cert), keyFile: write('good.key', certificate.key) };
});
afterAll(() => directory.remove());

const server = (given: Partial<TlsServerOptions> = {}) => tlsServerCredentials({ ...good, ...given });
const channel = (given: TlsChannelOptions) => tlsChannelCredentials(given);

test('sound files make credentials', () => {
  expect(server()._isSecure()).toBe(true);
  expect(channel(good)._isSecure()).toBe(true);
  expect(channel({})._isSecure()).toBe(true);
  const chain = write('chain.crt', `# leaf\n${certificate.cert}\n# authority\n${authority.cert}\n`);
  expect(() => server({ certFile: chain, clientCaFile: chain })).not.toThrow();
});

describe('a fault is named together with its file:', () => {
  test('missing', () => {
    expect(() => server({ certFile: '/nowhere/tls.crt' })).toThrow(
      'tlsServerCredentials: certFile: /nowhere/tls.crt cannot be read (ENOENT)',
    );
    expect(() => server({ clientCaFile: '/nowhere/ca' })).toThrow(/clientCaFile: \/nowhere\/ca cannot be read/);
    expect(() => channel({ caFile: '/nowhere/ca' })).toThrow(/tlsChannelCredentials: caFile: \/nowhere\/ca cannot/);
  });

  test('no PEM', () => {
    const text = write('text', 'hello');
    expect(() => server({ certFile: text })).toThrow(`certFile: ${text} holds no certificate in PEM`);
    expect(() => server({ keyFile: text })).toThrow(`keyFile: ${text} holds no private key in PEM`);
    expect(() => server({ clientCaFile: text })).toThrow(`clientCaFile: ${text} holds no certificate in PEM`);
    expect(() => server({ certFile: good.keyFile })).toThrow(/certFile: .*good\.key holds no certificate/);
    expect(() => channel({ caFile: write('empty', '') })).toThrow(/empty holds no certificate/);
  });

  test('broken PEM', () => {
    const halved = certificate.cert.replace(/\n[^-]{200}/, '\n');
    expect(() => server({ certFile: write('halved.crt', halved) })).toThrow(
      /halved\.crt holds a certificate that cannot/,
    );
    const key = certificate.key.replace(/\n[^-]{60}/, '\n');
    expect(() => server({ keyFile: write('halved.key', key) })).toThrow(/halved\.key holds a private key that cannot/);
  });

  test('a key that is not the certificate’s', async () => {
    const other = write('other.key', (await authority.issue()).key);
    expect(() => server({ keyFile: other })).toThrow(
      `keyFile: ${other} is not the key of the certificate in ${good.certFile}`,
    );
  });

  test('an encrypted key', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    expect(() => server({ keyFile: write('locked.key', pem.toString()) })).toThrow(
      /locked\.key holds an encrypted key/,
    );
  });

  test('a certificate out of its time', async () => {
    const old = await authority.issue({ notAfter: new Date(Date.now() - 1000) });
    const files = { certFile: write('old.crt', old.cert), keyFile: write('old.key', old.key) };
    expect(() => server(files)).toThrow(/old\.crt holds a certificate that expired on/);
    const young = await authority.issue({ notBefore: new Date(Date.now() + 3_600_000) });
    const early = { certFile: write('young.crt', young.cert), keyFile: write('young.key', young.key) };
    expect(() => server(early)).toThrow(/young\.crt holds a certificate that is not valid before/);
  });
});

test('a fault that stays is reported once, and again when it comes back', async () => {
  const onReload = vi.fn();
  const files = { certFile: write('r.crt', certificate.cert), keyFile: write('r.key', certificate.key) };
  const reloader = new TlsReloader(files, { owner: 'test', caOption: 'caFile' }, onReload);
  write('r.key', '');
  for (let i = 0; i < 3; i++) expect(await reloader.reload()).toBe(false);
  expect(onReload).toHaveBeenCalledTimes(1);
  write('r.key', certificate.key);
  expect(await reloader.reload()).toBe(false);
  write('r.key', '');
  await Promise.all([reloader.reload(), reloader.reload()]);
  expect(onReload).toHaveBeenCalledTimes(2);
});

test('an onReload that throws or rejects stops nothing', async () => {
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const next = await authority.issue();
  const files = { certFile: write('t.crt', certificate.cert), keyFile: write('t.key', certificate.key) };
  const onReload = vi.fn(() => Promise.reject(new Error('pager is off')) as never);
  const reloader = new TlsReloader(files, { owner: 'test', caOption: 'caFile' }, onReload);
  write('t.crt', next.cert);
  write('t.key', next.key);
  expect(await reloader.reload()).toBe(true);
  await new Promise(setImmediate);
  expect(warnings).toHaveBeenCalledWith(expect.stringContaining('pager is off'), expect.anything());
  warnings.mockRestore();
});

test('wrong options are refused', () => {
  expect(() => server({ certFile: '' })).toThrow(/certFile must be the path of a file/);
  expect(() => server({ requireClientCertificate: true })).toThrow(/used together with clientCaFile/);
  expect(() => server({ reloadIntervalMs: 0 })).toThrow(/reloadIntervalMs must be a number of at least 1/);
  expect(() => channel({ certFile: good.certFile })).toThrow(/keyFile must be given together with certFile/);
  expect(() => channel({ keyFile: good.keyFile })).toThrow(/certFile must be given together with keyFile/);
});
