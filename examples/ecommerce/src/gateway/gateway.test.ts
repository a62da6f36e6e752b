import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type Ask, type TestGateway } from '../testing/test-gateway.js';
import { startTestShop, type TestShop } from '../testing/test-shop.js';
import { httpStatusOf } from './call-error.js';
import type { ErrorBody, SessionInfo, StreamLine } from './contract.js';
import { eventually } from '../../../../test/support/until.js';

const ADA = 1;
const ADMIN = 3;
const CARD = '4242424242424242';
const SOMEBODY_ELSES = 'eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjozLCJyb2xlcyI6WyJhZG1pbiJdfQ.';

let shop: TestShop;
let gateway: TestGateway;
beforeAll(async () => {
  shop = await startTestShop();
  gateway = await startTestGateway(shop);
});
afterAll(async () => {
  await gateway.close();
  await shop.close();
});

const rpc = (name: string, body: unknown, init: Ask = {}) => gateway.ask('POST', `/api/rpc/${name}`, { ...init, body });

async function errorOf(response: Response): Promise<ErrorBody['error']> {
  return ((await response.json()) as ErrorBody).error;
}

async function linesOf(response: Response): Promise<StreamLine[]> {
  const lines = (await response.text()).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as StreamLine);
}

describe('sessions', () => {
  test('whoever signs in is known by a cookie that scripts cannot read and other sites cannot send', async () => {
    const signedIn = await gateway.ask('POST', '/api/session', { body: { userId: ADA } });
    const cookie = signedIn.headers.get('set-cookie')!;
    const now = await gateway.ask('GET', '/api/session', { headers: { cookie: cookie.split(';')[0]! } });

    expect(cookie).toMatch(/^shop_session=ey.*; Max-Age=3600; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(((await now.json()) as SessionInfo).me).toMatchObject({ userId: ADA, name: 'Ada Lovelace' });
    const signedOut = await gateway.ask('DELETE', '/api/session');
    expect(signedOut.headers.get('set-cookie')).toMatch(/^shop_session=; Max-Age=0/);
  });

  test('nobody else can be signed in as', async () => {
    expect((await gateway.ask('POST', '/api/session', { body: { userId: 4 } })).status).toBe(400);
  });

  test('a token of somebody else’s is refused, and its cookie taken back', async () => {
    const answer = await gateway.ask('GET', '/api/session', { headers: { cookie: `shop_session=${SOMEBODY_ELSES}` } });

    expect(answer.status).toBe(401);
    expect(await errorOf(answer)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(answer.headers.get('set-cookie')).toMatch(/^shop_session=; Max-Age=0/);
  });
});

describe('calls', () => {
  test('one answer, with all its fields, and who gave it', async () => {
    const answer = await rpc('ecommerce.ProductService/GetProduct', { id: 1 });

    expect(await answer.json()).toMatchObject({
      product: { id: 1, price: 1299, category: 'PRODUCT_CATEGORY_ELECTRONICS', tags: ['laptop', 'computer'] },
    });
    expect(answer.headers.get('x-shop-replica')).toBe('test');
    // More than one where the first attempt was slow enough to be hedged.
    expect(answer.headers.get('x-shop-attempts')).toMatch(/^[123]$/);
    expect(answer.headers.get('x-shop-trace')).toMatch(/^[0-9a-f]{32}$/);
  });

  test('the call is made as the person who is signed in', async () => {
    expect((await rpc('user.UserService/GetUser', { id: ADA }, { as: ADA })).status).toBe(200);
    expect((await rpc('user.UserService/GetUser', { id: 2 }, { as: ADA })).status).toBe(403);
    expect((await rpc('user.UserService/GetUser', { id: ADA })).status).toBe(401);
  });

  test('a stream of answers is a line each, and one for its end', async () => {
    const [first, second, end] = await linesOf(await rpc('ecommerce.ProductService/ListProducts', { pageSize: 2 }));

    expect([first, second]).toMatchObject([{ message: { id: 1 } }, { message: { id: 2 } }]);
    expect(end).toEqual({ end: { replica: 'test', attempts: 1 } });
  });

  test('a stream of requests is an array', async () => {
    const lamp = { name: 'Lamp', description: 'Green', price: 10, stock: 0, category: 'PRODUCT_CATEGORY_HOME' };
    const made = await rpc('ecommerce.ProductService/CreateProducts', [lamp, lamp], { as: ADMIN });
    const said = { id: 7, message: '#1' };
    const [answer] = await linesOf(await rpc('ecommerce.ProductService/ChatWithProducts', [said], { as: ADA }));

    expect(await made.json()).toMatchObject({ count: 2, totalPrice: 20, products: [{ stock: 0 }, {}] });
    expect(answer).toMatchObject({ message: { id: 7, message: expect.stringContaining('Laptop Pro 14') } });
  });

  test('a key is passed on: what comes again is answered as before', async () => {
    const user = { name: 'Barbara Liskov', email: 'barbara@shop.example' };
    const ask = () => rpc('user.UserService/CreateUser', user, { as: ADA, headers: { 'idempotency-key': 'once' } });

    expect(await (await ask()).json()).toEqual(await (await ask()).json());
  });

  test('hanging up cancels the call', async () => {
    const hangUp = new AbortController();
    const listening = await rpc(
      'ecommerce.NotificationService/StreamNotifications',
      { userId: ADA },
      { as: ADA, signal: hangUp.signal },
    );
    expect(listening.status).toBe(200);

    hangUp.abort();

    await eventually(async () => {
      const text = await shop.register.metrics();
      expect(text).toMatch(/grpc_server_handled_total\{[^}]*StreamNotifications[^}]*grpc_code="Canceled"[^}]*\} 1/);
    });
  });

  test('text of a person stays text', async () => {
    const answer = await rpc('ecommerce.ProductService/SearchProducts', { query: '<script>alert(1)</script>' });

    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await linesOf(answer)).toHaveLength(1);
  });
});

describe('refusals of a service', () => {
  test.each(Object.values(status).filter((code) => typeof code === 'number'))('code %i has its HTTP status', (code) => {
    const mapped = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];
    expect(httpStatusOf(code)).toBe(mapped[code]);
  });

  test('a rule of the business, as a sentence, with its reason and details', async () => {
    const answer = await rpc('ecommerce.ProductService/GetProduct', { id: 4711 });

    expect(answer.status).toBe(404);
    expect(await errorOf(answer)).toEqual({
      code: 'NOT_FOUND',
      message: 'Product 4711 not found',
      reason: 'PRODUCT_NOT_FOUND',
      details: [{ type: 'errorInfo', reason: 'PRODUCT_NOT_FOUND', domain: 'shop.example', metadata: { id: '4711' } }],
    });
  });

  test('every wrong field', async () => {
    const answer = await rpc('ecommerce.OrderService/CreateOrder', { userId: ADA, items: [{}] }, { as: ADA });

    expect(answer.status).toBe(400);
    const { violations } = await errorOf(answer);
    expect(violations!.map(({ field }) => field)).toEqual([
      'items[0].product_id',
      'items[0].quantity',
      'shipping_address',
    ]);
  });

  test('a stream that fails before its first message fails as any call does', async () => {
    const answer = await rpc('ecommerce.OrderService/StreamOrderUpdates', { id: 4711 }, { as: ADA });

    expect(answer.status).toBe(404);
    expect(await errorOf(answer)).toMatchObject({ reason: 'ORDER_NOT_FOUND' });
  });
});

describe('refusals of the gateway', () => {
  const GET_PRODUCT = '/api/rpc/ecommerce.ProductService/GetProduct';

  test.each([
    ['another origin', { origin: 'http://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['another site, by what the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['another port, by what the browser says', { 'sec-fetch-site': 'same-site' }],
  ])('%s', async (_, headers) => {
    expect(await gateway.askAs('/api/session', headers)).toBe(403);
  });

  test('a name of somebody else’s that points here', async () => {
    const { port } = new URL(gateway.url);
    expect(await gateway.askAs('/api/session', { host: `evil.example:${port}` })).toBe(403);
    expect(await gateway.askAs('/api/session', { host: '127.0.0.1:1' })).toBe(403);
    expect(await gateway.askAs('/api/session', { host: `localhost:${port}` })).toBe(200);
  });

  test.each([
    ['no JSON', '{"id":', 400],
    ['no object', '7', 400],
    ['a field of another type', { id: 'one' }, 400],
    ['a field that is not there', { ID: 1 }, 400],
    ['a number that is too large', { id: 2 ** 31 }, 400],
    ['more than a million bytes', { id: 1, pad: 'x'.repeat(1_000_000) }, 413],
  ])('%s', async (_, body, code) => {
    const answer = await gateway.ask('POST', GET_PRODUCT, { body });
    expect(answer.status).toBe(code);
    expect((await errorOf(answer)).message).toMatch(/^[\w' :.,-]+$/);
  });

  test('a body that comes in pieces is read as any other', async () => {
    const body = ReadableStream.from([Buffer.from('{"id":'), Buffer.from('1}')]);
    const headers = { 'content-type': 'application/json' };
    const pieces: RequestInit & { duplex: string } = { method: 'POST', headers, body, duplex: 'half' };

    expect((await fetch(`${gateway.url}${GET_PRODUCT}`, pieces)).status).toBe(200);
  });

  test('anything but JSON', async () => {
    const answer = await gateway.ask('POST', GET_PRODUCT, {
      body: '{"id":1}',
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer.status).toBe(415);
  });

  test('what is not there', async () => {
    expect((await rpc('ecommerce.ProductService/Explode', {})).status).toBe(501);
    expect((await gateway.ask('GET', '/api/elsewhere')).status).toBe(404);
  });

  test('a card number in the wrong place is not repeated', async () => {
    const bill = { orderId: 1, amount: 10, method: 'PAYMENT_METHOD_CREDIT_CARD', cardNumber: Number(CARD) };
    const answer = await rpc('ecommerce.PaymentService/ProcessPayment', bill, { as: ADA });

    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(text).toContain('card_number');
    expect(text).not.toContain(CARD);
  });
});

test('no page may run what is not served here, or frame the shop', async () => {
  const answer = await gateway.ask('GET', '/api/session');

  expect(answer.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
      "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  );
  expect(answer.headers.get('x-frame-options')).toBe('DENY');
  expect(answer.headers.get('cache-control')).toBe('no-store');
});
