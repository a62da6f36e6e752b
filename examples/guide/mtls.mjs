// Guide, "mTLS": the server requires a client certificate and verifies it (RequireAndVerifyClientCert).
import { readFileSync } from 'node:fs';
import { ServerCredentials, credentials, status } from '@grpc/grpc-js';
import { allow, authServerInterceptor, definePolicy, identityOf, mtlsAuthenticator } from 'grpc-js-middleware/auth';
import { makeCertificates } from './certificates.mjs';
import { connect, productHandlers, serve } from './product-service.mjs';

const { file, remove } = await makeCertificates();
const pem = (name) => readFileSync(file(name));

const REQUIRED = true;
const serverCredentials = ServerCredentials.createSsl(
  pem('ca.crt'),
  [{ cert_chain: pem('server.crt'), private_key: pem('server.key') }],
  REQUIRED,
);
const auth = authServerInterceptor({
  authenticate: mtlsAuthenticator(),
  policy: definePolicy({ 'ecommerce.ProductService/*': allow.authenticated }),
});
const { getProduct } = productHandlers();
const { address, close } = await serve(
  {
    getProduct(request, call) {
      console.log('Called by', identityOf(call).subject);
      return getProduct(request, call);
    },
  },
  [auth],
  serverCredentials,
);

const target = address.replace('127.0.0.1', 'localhost');
const known = connect(target, {}, credentials.createSsl(pem('ca.crt'), pem('client.key'), pem('client.crt')));
console.log('With a certificate:', (await known.getProduct({ id: 1 })).product.name);

const stranger = connect(target, {}, credentials.createSsl(pem('ca.crt')));
await stranger.getProduct({ id: 1 }).catch(({ code }) => console.log('Without one:', status[code]));
for (const client of [known, stranger]) client.close();
close();
remove();
