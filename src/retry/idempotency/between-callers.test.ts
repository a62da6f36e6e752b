import { status, type Metadata } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { identityKey, type Identity } from '../../core/shared/identity.js';
import { memoryIdempotencyStore, idempotencyServerInterceptor, type IdempotencyStore } from '../index.js';
import { defineServerInterceptor } from '../../core/define.js';
import { startTestServer, EchoRequest, EchoResponse } from '../../testing/index.js';
import { closeServers, fixture, hang, turns, withKey } from './fixtures/processes.js';
import { until } from '../../../test/support/until.js';

afterEach(() => {
  closeServers();
});

const storeWith = (changes: Partial<IdempotencyStore>): IdempotencyStore => {
  const sound = memoryIdempotencyStore();
  return {
    claim: (...args) => sound.claim(...args),
    finish: (...args) => sound.finish(...args),
    release: (...args) => sound.release(...args),
    ...changes,
  };
};

/** Who calls is what the metadata say; for tests. */
const whoCalls = (withIssuer = false) =>
  defineServerInterceptor('who', () => (call) => {
    const subject = String(call.metadata.get('who')[0] ?? '');
    const identity: Identity = { subject, scheme: 'bearer', roles: [], scopes: [], claims: {} };
    const issuer = withIssuer ? { issuer: String(call.metadata.get('iss')[0]) } : {};
    call.set(identityKey, Object.assign(identity, issuer));
  });

const as = (who: string, key: string, iss = ''): Metadata => {
  const metadata = withKey(key);
  metadata.set('who', who);
  if (iss !== '') metadata.set('iss', iss);
  return metadata;
};

describe('callers that share a server', () => {
  test('a caller that sends random keys is refused beyond its share, and the others keep their outcomes', async () => {
    const store = memoryIdempotencyStore({ maxEntries: 8 });
    const { server, send, decisions } = await fixture(Array(20).fill({}), { store }, [whoCalls()]);
    const first = await send(undefined, 'hello', as('bob', 'order'));
    let refused = 0;
    for (let i = 0; i < 10; i++) {
      const { status: end } = await send(undefined, 'hello', as('mallory', `random-${i}`));
      if (end.code !== status.RESOURCE_EXHAUSTED) continue;
      refused++;
      expect(end.metadata.get('grpc-retry-pushback-ms')).toHaveLength(1);
    }
    expect(refused).toBe(8);
    expect(decisions.filter(({ decision }) => decision === 'storeFull')).toHaveLength(8);
    expect((await send(undefined, 'hello', as('bob', 'order'))).messages).toEqual(first.messages);
    expect(server.attempts).toHaveLength(3);
  });

  test('the same subject of another issuer is another caller', async () => {
    const { server, send } = await fixture([{}, {}], {}, [whoCalls(true)]);
    await send(undefined, 'hello', as('ada', 'k', 'https://one'));
    await send(undefined, 'hello', as('ada', 'k', 'https://other'));
    expect(server.attempts).toHaveLength(2);
  });
});

describe('an outcome', () => {
  test('is replayed as it was sent, whatever the handler does to its object later', async () => {
    const order = EchoResponse.fromPartial({ text: '7: created' });
    const echo = await startTestServer({
      interceptors: [idempotencyServerInterceptor({ methods: '*' })],
      handlers: { echo: () => order },
    });
    const request = EchoRequest.fromPartial({ text: 'create' });
    const send = () => echo.client.echo(request, { metadata: withKey('a') });
    expect((await send()).text).toBe('7: created');
    order.text = '7: shipped';
    expect((await send()).text).toBe('7: created');
    await echo.close();
  });

  test('that was too large to keep is reported as lost, and the handler does not run again', async () => {
    const store = memoryIdempotencyStore({ maxBytes: 4096 });
    const { server, send, decisions } = await fixture([{ messages: [{ text: 'x'.repeat(9_000) }] }, {}], { store });
    expect((await send('a')).status.code).toBe(status.OK);
    await until(() => decisions.some(({ decision }) => decision === 'outcomeLost'));
    await turns();
    const again = await send('a');
    expect(again.status.code).toBe(status.FAILED_PRECONDITION);
    expect(server.attempts).toHaveLength(1);
  });

  test('of a run that took longer than its lease is reported as lost when another has run meanwhile', async () => {
    let lost = false;
    const store = storeWith({ finish: () => !(lost = true) });
    const { server, send, decisions } = await fixture([hang], { store });
    const first = send('a');
    await server.seen(1);
    server.release(0);
    await first;
    await until(() => decisions.some(({ decision }) => decision === 'outcomeLost'));
    expect(lost).toBe(true);
  });

  test('that comes after the lease of a call whose client left is still handed to the store', async () => {
    const finished: unknown[] = [];
    const store = storeWith({ finish: (_id, _owner, outcome) => finished.push(outcome) > 9 });
    const { server, start, decisions } = await fixture([hang], { store, leaseMs: 1 });
    const { call } = start('a');
    await server.seen(1);
    call.cancel();
    await server.until(() => server.attempts[0]!.cancelled);
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.release(0);
    await until(() => decisions.some(({ decision }) => decision === 'outcomeLost'));
    expect(finished[0]).toMatchObject({ code: status.OK });
  });

  test('that could not be serialised is the failure that the client saw', async () => {
    let runs = 0;
    const echo = await startTestServer({
      interceptors: [idempotencyServerInterceptor({ methods: '*' })],
      handlers: {
        echo: () => {
          runs++;
          return { text: 5 } as never;
        },
      },
    });
    const request = EchoRequest.fromPartial({ text: 'create' });
    for (let i = 0; i < 2; i++) {
      await expect(echo.client.echo(request, { metadata: withKey('a') })).rejects.toMatchObject({
        code: status.INTERNAL,
      });
    }
    expect(runs).toBe(1);
    await echo.close();
  });
});

describe('a store that answers nonsense to a claim', () => {
  test.each<[unknown]>([
    [undefined],
    [null],
    [{}],
    ['claimed'],
    [{ state: 'done' }],
    [{ state: 'running' }],
    [{ state: 'finished', fingerprint: 'f' }],
    [{ state: 'finished', fingerprint: 'f', outcome: { code: 99, details: '', trailers: {} } }],
    [{ state: 'finished', fingerprint: 'f', outcome: { code: 0, details: '', trailers: { a: 'b' } } }],
  ])('%j counts as a store that failed', async (answer) => {
    const { server, send, decisions } = await fixture([{}], { store: storeWith({ claim: () => answer as never }) });
    expect((await send('a')).status.code).toBe(status.UNAVAILABLE);
    expect(decisions).toMatchObject([{ decision: 'storeFailed' }]);
    expect(server.attempts).toHaveLength(0);
  });
});
