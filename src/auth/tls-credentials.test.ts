import { ServerCredentials, credentials, status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import {
  OWN_CONNECTION,
  authority,
  caFile,
  issued,
  running,
  server,
  start,
  whoAmI,
} from '../../test/support/tls-echo.js';
import { EchoRequest, startTestServer } from '../testing/index.js';
import { allow } from './allow.js';
import { makeSelfSigned, type TestCertificate, type TestCertificateOptions } from './fixtures/certificates.js';
import { certificateIdentity, mtlsAuthenticator } from './mtls-authenticator.js';
import { definePolicy } from './policy.js';
import { authServerInterceptor } from './server-interceptor.js';
import { tlsChannelCredentials } from './tls-channel-credentials.js';

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
    const reading = await startTestServer({
      interceptors: [auth],
      serverCredentials: await server({ clientCaFile: caFile }),
      channelCredentials: tlsChannelCredentials({ caFile, ...(await issued('client', { commonName: 'x' })) }),
      clientOptions: OWN_CONNECTION,
    });
    const all = Array.from({ length: 5 }, () => reading.client.echo(EchoRequest.create({})));
    await Promise.all(all);
    expect(identify).toHaveBeenCalledTimes(1);
    await reading.connect(OWN_CONNECTION).echo(EchoRequest.create({}));
    expect(identify).toHaveBeenCalledTimes(2);
    await reading.close();
  });

  test('a connection without a certificate is refused, or unknown where none is required', async () => {
    await start(await server({ clientCaFile: caFile }), tlsChannelCredentials({ caFile }));
    expect(await whoAmI()).toContain('UNAVAILABLE');
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
    await start(await server({ clientCaFile: caFile, requireClientCertificate: false }), client);
    expect(await whoAmI()).toBe('nobody');
  });

  test('an expired certificate is refused, or counts as none', async () => {
    const { cert, key } = await authority.issue({ commonName: 'old', notAfter: new Date(Date.now() - 1000) });
    const client = credentials.createSsl(Buffer.from(authority.cert), Buffer.from(key), Buffer.from(cert));
    await start(await server({ clientCaFile: caFile }), client);
    expect(await whoAmI()).toContain('UNAVAILABLE');
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
