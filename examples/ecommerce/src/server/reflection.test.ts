import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allServices } from '../services/index.js';
import { bufCurl, detailsOf } from '../testing/buf.js';
import { startTestShop, type TestShop } from '../testing/test-shop.js';
import { nameOf } from './start-server.js';

const HEALTH = 'grpc.health.v1.Health';
const OFFER = '{"user_id": 1, "type": "NOTIFICATION_TYPE_OFFER", "title": "Today", "message": "Socks"}';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

test('a Go client lists every service, and their methods', async () => {
  const { stdout: services } = await bufCurl(shop.address, '', '--list-services');
  const { stdout: methods } = await bufCurl(shop.address, '', '--list-methods');

  const served = allServices.map(nameOf);
  expect(services.trim().split('\n')).toEqual([...served, HEALTH].sort());
  const paths = allServices.flatMap(({ definition }) => Object.values(definition).map(({ path }) => path.slice(1)));
  expect(methods.trim().split('\n')).toEqual(expect.arrayContaining(paths));
});

test('a Go client calls every service, unary and streaming, as whom it may', async () => {
  const [customer, admin] = await Promise.all([
    shop.issuer.token({ userId: 1, role: 'customer' }),
    shop.issuer.token({ userId: 3, role: 'admin' }),
  ]);
  const calls = [
    ['ecommerce.ProductService/ListProducts', '{"page_size": 3}', customer, /Laptop Pro 14[^]*Wireless Mouse/],
    ['ecommerce.OrderService/ListOrders', '{"user_id": 1}', customer, /^$/],
    ['ecommerce.PaymentService/GetPaymentHistory', '{}', admin, /^$/],
    ['advanced.PaymentService/BidirectionalPaymentStream', '', customer, /^$/],
    ['user.UserService/GetUser', '{"id": 1}', customer, /Ada Lovelace/],
    ['ecommerce.NotificationService/SendNotification', OFFER, admin, /"title": *"Today"/],
    ['chat.ChatService/SendMessage', '{"room_id": "lamps", "message": "Good morning"}', customer, /^\{\}$/],
    ['analytics.AnalyticsService/TrackEvent', '{"name": "product_view"}', customer, /"recordedAt"/],
    ['grpc.health.v1.Health/Check', '{"service": "chat.ChatService"}', customer, /"SERVING"/],
  ] as const;

  const answers = await Promise.all(
    calls.map(([rpc, data, token]) => bufCurl(shop.address, rpc, '-H', `authorization: Bearer ${token}`, '-d', data)),
  );

  for (const [index, [rpc, , , expected]] of calls.entries()) {
    const { exitStatus, stdout, stderr } = answers[index]!;
    expect(`${exitStatus} ${stderr}`.trim(), rpc).toBe('0');
    expect(stdout.trim(), rpc).toMatch(expected);
  }
  expect(calls.map(([rpc]) => rpc.split('/')[0]).sort()).toEqual([...allServices.map(nameOf), HEALTH].sort());
});

test('a Go client sees the typed details of a validation error', async () => {
  const authorization = `authorization: Bearer ${await shop.issuer.token({ userId: 3, role: 'admin' })}`;
  const bad = ['-H', authorization, '-d', '{"name": "", "price": -1}'];
  const answer = await bufCurl(shop.address, 'ecommerce.ProductService/CreateProduct', ...bad);

  expect(answer.exitStatus).toBe(8 * status.INVALID_ARGUMENT);
  expect(await detailsOf(answer)).toMatchObject({
    'google.rpc.BadRequest': {
      fieldViolations: [
        { field: 'name', description: 'must not be empty' },
        { field: 'price', description: 'must be an amount from 0.01 to 1,000,000' },
        { field: 'category', description: 'must be one of ELECTRONICS, CLOTHING, BOOKS, HOME, SPORTS' },
      ],
    },
  });
});

test('a customer who asks for another user is refused', async () => {
  const authorization = `authorization: Bearer ${await shop.issuer.token({ userId: 1, role: 'customer' })}`;
  const askFor = (id: number) =>
    bufCurl(shop.address, 'user.UserService/GetUser', '-H', authorization, '-d', `{"id": ${id}}`);

  const [own, another] = await Promise.all([askFor(1), askFor(2)]);

  expect(JSON.parse(own.stdout)).toMatchObject({ user: { id: 1, name: 'Ada Lovelace' } });
  expect(another.exitStatus).toBe(8 * status.PERMISSION_DENIED);
});

test('a Go client sees the reason of a refusal', async () => {
  const answer = await bufCurl(shop.address, 'ecommerce.ProductService/GetProduct', '-d', '{"id": 4711}');

  expect(answer.exitStatus).toBe(8 * status.NOT_FOUND);
  expect(await detailsOf(answer)).toMatchObject({
    'google.rpc.ErrorInfo': { reason: 'PRODUCT_NOT_FOUND', domain: 'shop.example', metadata: { id: '4711' } },
  });
});
