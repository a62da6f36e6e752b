// Guide, "JWT Authentication": a server that checks tokens, except for GetProduct, and a client that sends one.
import { status } from '@grpc/grpc-js';
import {
  allow,
  authClientInterceptor,
  authServerInterceptor,
  definePolicy,
  identityOf,
  jwtAuthenticator,
} from 'grpc-js-middleware/auth';
import { SignJWT } from 'jose';
import { connect, productHandlers, serve } from './product-service.mjs';

const SECRET = 'your-secret-key-of-at-least-32-bytes';
const [issuer, audience] = ['https://shop.example', 'products'];

const auth = authServerInterceptor({
  authenticate: jwtAuthenticator({ issuer, audience, algorithms: ['HS256'], keys: { secret: SECRET } }),
  policy: definePolicy({
    'ecommerce.ProductService/GetProduct': allow.anyone, // skips auth
    'ecommerce.ProductService/*': allow.authenticated,
  }),
});

const { address, close } = await serve(
  {
    ...productHandlers(),
    async createProduct(request, call) {
      const { user_id: userId, email } = identityOf(call).claims;
      console.log(`User ${userId}, ${email}, creates ${request.name}`);
      return { product: { id: 3, ...request } };
    },
  },
  [auth],
);

const stranger = connect(address);
console.log('Without a token:', (await stranger.getProduct({ id: 1 })).product.name);
const report = ({ code, details }) => console.log(status[code], details);
await stranger.createProduct({ name: 'Laptop' }).catch(report);

const token = () =>
  new SignJWT({ user_id: 7, email: 'ada@shop.example' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('7')
    .setExpirationTime('5m')
    .sign(Buffer.from(SECRET));
const ada = connect(address, { interceptors: [authClientInterceptor({ token })] });
console.log('With a token:', (await ada.createProduct({ name: 'Laptop' })).product.name);
for (const client of [stranger, ada]) client.close();
close();
