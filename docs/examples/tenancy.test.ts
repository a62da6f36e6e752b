// #region test
import { currentCall } from 'grpc-js-middleware';
import { EchoRequest, EchoResponse, startTestServer } from 'grpc-js-middleware/testing';
import { expect, test } from 'vitest';
import { tenancyClientInterceptor, tenancyServerInterceptor, tenant } from './tenancy.js';

const tenancy = tenancyServerInterceptor({ tenants: ['acme'] });

test('a handler knows the tenant', async () => {
  await using server = await startTestServer({
    interceptors: [tenancy],
    clientInterceptors: [tenancyClientInterceptor({ name: 'acme' })],
    handlers: { echo: () => EchoResponse.create({ text: currentCall().get(tenant) }) },
  });

  expect(await server.client.echo(EchoRequest.create())).toMatchObject({ text: 'acme' });
});

test('a call of a stranger is refused, and those outside see it', async () => {
  await using server = await startTestServer({ interceptors: [tenancy] });

  await expect(server.client.echo(EchoRequest.create())).rejects.toMatchObject({ details: 'Unknown tenant' });
  await server.events.until({ side: 'server', hook: 'onEnd', code: 'PERMISSION_DENIED', origin: 'interceptor' });
});
// #endregion
