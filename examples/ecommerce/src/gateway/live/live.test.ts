import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startTestGateway, type Ask, type TestGateway } from '../../testing/test-gateway.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';
import type { CallDetail, LiveSnapshot } from '../contract.js';
import { eventually, until } from '../../../../../test/support/until.js';

const ADA = 1;
const ADMIN = 3;
const GET_PRODUCT = 'ecommerce.ProductService/GetProduct';
const CARD = '4000 0000 0000 0119';

let shop: TestShop;
let gateway: TestGateway;
beforeAll(async () => {
  shop = await startTestShop(pino({}, { write: (line: string) => shop?.telemetry.line(line) }));
  gateway = await startTestGateway(shop);
});
afterAll(async () => {
  await gateway.close();
  await shop.close();
});

const rpc = (name: string, body: unknown, init: Ask = {}) => gateway.ask('POST', `/api/rpc/${name}`, { ...init, body });

/** Somebody who looks. */
class Watcher {
  readonly snapshots: LiveSnapshot[] = [];
  private readonly leaving = new AbortController();
  private readonly reading: Promise<void>;

  constructor() {
    this.reading = this.read().catch(() => undefined);
  }

  /** The first snapshot from now on of which something holds. */
  until(holds: (snapshot: LiveSnapshot) => boolean): Promise<LiveSnapshot> {
    const from = this.snapshots.length;
    const found = () => this.snapshots.slice(from).find(holds);
    return eventually(() => {
      const snapshot = found();
      if (snapshot === undefined) throw new Error('No snapshot has what is looked for');
      return snapshot;
    });
  }

  async leave(): Promise<void> {
    this.leaving.abort();
    await this.reading;
  }

  private async read(): Promise<void> {
    const answer = await gateway.ask('GET', '/api/live', { signal: this.leaving.signal });
    let text = '';
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      const events = (text + piece).split('\n\n');
      text = events.pop()!;
      for (const event of events) this.snapshots.push(JSON.parse(event.split('data: ')[1]!) as LiveSnapshot);
    }
  }
}

/** Resolves when that has been noticed. */
function nobodyLooks(): Promise<void> {
  return until(() => shop.telemetry.session === undefined);
}

test('while nobody looks nothing is recorded', async () => {
  const taken = [vi.spyOn(shop.telemetry, 'take'), vi.spyOn(gateway.telemetry, 'take')];

  expect((await rpc(GET_PRODUCT, { id: 1 })).status).toBe(200);

  expect(shop.telemetry.session).toBeUndefined();
  expect(gateway.telemetry.session).toBeUndefined();
  for (const spy of taken) expect(spy).not.toHaveBeenCalled();
});

describe('while somebody looks', () => {
  let watcher: Watcher;
  beforeEach(async () => {
    watcher = new Watcher();
    await watcher.until(() => true);
  });
  afterEach(async () => {
    await gateway.ask('DELETE', '/api/break/faults', { as: ADMIN });
    await watcher.leave();
    await nobodyLooks();
  });

  test('a call is listed, with its edge, and its trace has spans, lines and the chain that it passed', async () => {
    const answer = await rpc(GET_PRODUCT, { id: 1 });
    const traceId = answer.headers.get('x-shop-trace')!;
    const { calls, edges } = await watcher.until((snapshot) => snapshot.calls.length > 0);
    const detail = (await (await gateway.ask('GET', `/api/live/calls/${traceId}`)).json()) as CallDetail;

    expect(calls).toMatchObject([
      { traceId, rpc: GET_PRODUCT, kind: 'unary', code: 'OK', from: 'customer', replica: 'test', attempts: 1 },
    ]);
    expect(edges).toMatchObject([{ from: 'customer', to: 'test', errorRate: 0, retriesPerSecond: 0 }]);
    expect(detail.status).toEqual({ code: 'OK' });
    expect(detail.spans.map(({ kind, process }) => [kind, process])).toEqual(
      expect.arrayContaining([
        ['SERVER', 'customer'],
        ['CLIENT', 'customer'],
        ['SERVER', 'test'],
      ]),
    );
    expect(detail.lines).toMatchObject([{ trace_id: traceId, 'grpc.method': 'GetProduct' }]);
    const passed = detail.chain.map(({ interceptor }) => interceptor);
    expect(passed).toEqual(expect.arrayContaining(['tracing', 'auth', 'validation', 'handler']));
    expect(passed.indexOf('auth')).toBeLessThan(passed.indexOf('validation'));
    expect(detail.chain.find(({ interceptor }) => interceptor === 'handler')!.ms).toBeGreaterThan(0);
    expect(detail.chain.find(({ interceptor }) => interceptor === 'auth')!.explanation).toBe('anyone');
  });

  test('a caller who tells nothing is told of by the server', async () => {
    await shop.stranger.products.getProduct({ id: 1 });
    const { calls, edges } = await watcher.until((snapshot) => snapshot.calls.length > 0);

    expect(calls).toMatchObject([{ rpc: GET_PRODUCT, from: 'customer', replica: 'test', attempts: 1 }]);
    expect(edges).toMatchObject([{ from: 'customer', to: 'test' }]);
  });

  test('attempts, retries, a breaker that opens, and the fault behind it', async () => {
    const fault = { method: GET_PRODUCT, latencyMs: 1, errorRate: 1 };
    expect((await gateway.ask('PUT', '/api/break/faults', { as: ADMIN, body: fault })).status).toBe(200);
    const failed = await rpc(GET_PRODUCT, { id: 1 });
    expect(failed.status).toBe(503);
    const seen = await watcher.until((snapshot) => snapshot.calls.length > 0);
    await Promise.all(Array.from({ length: 40 }, () => rpc(GET_PRODUCT, { id: 1 })));
    const { breakers } = await watcher.until((snapshot) => snapshot.breakers.some(({ state }) => state === 'open'));
    const detail = await gateway.ask('GET', `/api/live/calls/${failed.headers.get('x-shop-trace')}`);

    expect(seen.faults).toEqual([fault]);
    const [{ code, attempts, note }] = seen.calls as [LiveSnapshot['calls'][0]];
    expect([code, note]).toEqual(['UNAVAILABLE', expect.stringContaining('retried after UNAVAILABLE')]);
    expect(attempts).toBeGreaterThan(1);
    expect(seen.edges[0]!.retriesPerSecond).toBeGreaterThan(0);
    expect(seen.edges[0]!.errorRate).toBe(1);
    expect(breakers).toContainEqual({ owner: 'customer', service: 'ecommerce.ProductService', state: 'open' });
    expect(((await detail.json()) as CallDetail).status).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'Injected fault',
    });
  });

  test('many calls at once are fifty in the list, and a number', async () => {
    const { length: before } = watcher.snapshots;
    await Promise.all(Array.from({ length: 200 }, () => shop.stranger.products.getProduct({ id: 1 })));
    const told = () => watcher.snapshots.slice(before).map(({ calls, unseen }) => ({ listed: calls.length, unseen }));
    const sum = () => told().reduce((all, { listed, unseen }) => all + listed + unseen, 0);
    await until(() => sum() >= 200);

    expect(sum()).toBe(200);
    for (const { listed } of told()) expect(listed).toBeLessThanOrEqual(50);
  });

  test('no card number, no CVV and no token is in anything that is shown', async () => {
    const address = { street: '1 Main St', city: 'Springfield', zipCode: '12345', country: 'US' };
    const wanted = { userId: ADA, items: [{ productId: 3, quantity: 1 }], shippingAddress: address };
    const { order } = (await (await rpc('ecommerce.OrderService/CreateOrder', wanted, { as: ADA })).json()) as {
      order: { id: number; totalAmount: number };
    };
    const card = { method: 'PAYMENT_METHOD_CREDIT_CARD', cardNumber: CARD, expiryDate: '12/34', cvv: '7391' };
    const bill = { orderId: order.id, amount: order.totalAmount, ...card };
    const paid = await rpc('ecommerce.PaymentService/ProcessPayment', bill, { as: ADA });
    const wrong = { ...bill, cardNumber: '4000000000000118' };
    const refused = await rpc('ecommerce.PaymentService/ProcessPayment', wrong, { as: ADA });
    await watcher.until((snapshot) => snapshot.calls.some(({ rpc: name }) => name.includes('ProcessPayment')));
    const traces = [paid, refused].map((answer) => `/api/live/calls/${answer.headers.get('x-shop-trace')}`);
    const details = await Promise.all(traces.map(async (path) => (await gateway.ask('GET', path)).text()));
    const shown = JSON.stringify(watcher.snapshots) + details.join('');

    expect([paid.status, refused.status]).toEqual([200, 400]);
    expect(details[0]).toContain('ProcessPayment');
    for (const secret of [CARD, CARD.replaceAll(' ', ''), '4000000000000118', '"7391"', '12/34', 'eyJ'])
      expect(shown).not.toContain(secret);
  });
});

test('when the last one has left, nothing is kept', async () => {
  const [one, other] = [new Watcher(), new Watcher()];
  await Promise.all([one.until(() => true), other.until(() => true)]);
  await one.leave();
  await other.until(() => true);
  expect(shop.telemetry.session).toBeDefined();

  await other.leave();

  await nobodyLooks();
  expect([shop.telemetry.session, gateway.telemetry.session]).toEqual([undefined, undefined]);
});

test('what is forgotten is not found', async () => {
  expect((await gateway.ask('GET', `/api/live/calls/${'0'.repeat(32)}`)).status).toBe(404);
});
