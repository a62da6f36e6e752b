import { type Metadata, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { defineServerInterceptor } from '../../core/define.js';
import { errorDetail } from '../../core/status/details.js';
import { findDetail } from '../../core/status/find-detail.js';
import { identityKey } from '../../core/shared/identity.js';
import { StatusError } from '../../core/status/status-error.js';
import { kinds, startCall } from '../fixtures/scripted-server.js';
import { closeServers, fixture, hang, turns, withKey } from './fixtures/processes.js';

afterEach(() => {
  vi.restoreAllMocks();
  closeServers();
});

describe('a key', () => {
  test('runs its request once; later duplicates are answered with the outcome', async () => {
    const { server, send, decisions } = await fixture([
      { messages: [{ id: 7 }], trailers: { note: 'paid', 'x-bin': Buffer.from([1, 2]) } },
    ]);
    const first = await send('a');
    const second = await send('a');
    expect(server.attempts).toHaveLength(1);
    expect([first.messages, second.messages]).toEqual([[{ id: 7 }], [{ id: 7 }]]);
    expect(first.status.metadata.get('idempotency-replayed')).toEqual([]);
    expect(second.status.metadata.get('idempotency-replayed')).toEqual(['true']);
    expect(second.status.metadata.get('note')).toEqual(['paid']);
    expect(second.status.metadata.get('x-bin')).toEqual([Buffer.from([1, 2])]);
    expect(decisions.map(({ decision }) => decision)).toEqual(['run', 'replayed']);
  });

  test('lets duplicates wait while it runs', async () => {
    const { server, send, decisions } = await fixture([hang]);
    const calls = [send('a'), send('a'), send('a')];
    await server.seen(1);
    await turns();
    expect(server.attempts).toHaveLength(1);
    server.release(0);
    expect((await Promise.all(calls)).map(({ messages }) => messages)).toEqual([
      [{ attempt: 1 }],
      [{ attempt: 1 }],
      [{ attempt: 1 }],
    ]);
    expect(decisions.map(({ decision }) => decision)).toEqual(['run', 'coalesced', 'coalesced']);
  });

  test('is refused for another request, running or done', async () => {
    const { server, send } = await fixture([hang]);
    const first = send('a', { amount: 1, currency: 'EUR' });
    await server.seen(1);
    const reused = await send('a', { amount: 2, currency: 'EUR' });
    expect(reused.status).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'This idempotency-key was used for another request',
    });
    expect(findDetail(StatusError.from(reused.status), 'errorInfo')?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
    server.release(0);
    await first;
    await turns();
    expect((await send('a', 'other')).status.code).toBe(status.FAILED_PRECONDITION);
    // The same request, its fields in another order.
    expect((await send('a', { currency: 'EUR', amount: 1 })).status.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
  });

  test('of another caller, or another key, is another', async () => {
    const identify = defineServerInterceptor('identify', () => (call) => {
      const subject = String(call.metadata.get('user')[0]);
      call.set(identityKey, { subject, scheme: 'test', roles: [], scopes: [], claims: {} });
    });
    const { server, send } = await fixture([{}], {}, [identify]);
    const of = (user: string, key: string): Metadata => {
      const metadata = withKey(key);
      metadata.set('user', user);
      return metadata;
    };
    for (const metadata of [of('ann', 'a'), of('bob', 'a'), of('ann', 'b'), of('ann', 'a')])
      await send('', 'hello', metadata);
    expect(server.attempts).toHaveLength(3);
    // Not even another request of another caller is told anything.
    expect((await send('', 'other', of('eve', 'a'))).status.code).toBe(status.OK);
  });

  test('is no matter for methods and calls without', async () => {
    const { server, send, decisions } = await fixture([{}], { methods: 'test.Scripted/clientStream' });
    vi.spyOn(process, 'emitWarning').mockReturnValue();
    await send('a');
    await send('a');
    await send(undefined);
    expect(server.attempts).toHaveLength(3);
    expect(decisions).toEqual([]);
  });

  test('has no effect on streams, and the operator is told', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const { server, client } = await fixture([{}]);
    for (const kind of kinds.slice(1)) {
      for (let i = 0; i < 2; i++) await startCall(client, kind, { metadata: withKey('a') }).outcome;
    }
    expect(server.attempts).toHaveLength(6);
    expect(warnings.mock.calls.map(([text]) => /\/test.Scripted\/\w+ streams/.exec(String(text))?.[0])).toEqual([
      '/test.Scripted/clientStream streams',
      '/test.Scripted/serverStream streams',
      '/test.Scripted/bidi streams',
    ]);
  });

  test.each([
    ['two values', withKey('a', 'b')],
    ['an endless one', withKey('x'.repeat(256))],
    ['an empty one', withKey('')],
  ])('that is %s is refused', async (_, metadata) => {
    const { server, send } = await fixture([{}]);
    expect((await send('', 'hello', metadata)).status.code).toBe(status.INVALID_ARGUMENT);
    expect(server.attempts).toHaveLength(0);
  });

  test('can be required', async () => {
    const { server, send } = await fixture([{}], { requireKey: true });
    expect((await send(undefined)).status).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'idempotency-key is required',
    });
    expect((await send('a')).status.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
  });
});

describe('failures', () => {
  test('for good are replayed, details and all', async () => {
    const failure = new StatusError(status.FAILED_PRECONDITION, 'sold out', {
      errorDetails: [errorDetail.errorInfo({ reason: 'SOLD_OUT', domain: 'shop', metadata: {} })],
    });
    const trailers = { 'grpc-status-details-bin': failure.metadata.get('grpc-status-details-bin')[0] as Buffer };
    const { server, send } = await fixture([{ code: failure.code, details: 'sold out', trailers }, {}]);
    await send('a');
    const again = await send('a');
    expect(again.status).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'sold out' });
    expect(findDetail(StatusError.from(again.status), 'errorInfo')?.reason).toBe('SOLD_OUT');
    expect(server.attempts).toHaveLength(1);
  });

  test.each([status.UNAVAILABLE, status.INTERNAL, status.ABORTED, status.UNKNOWN])(
    'of code %i free the key',
    async (code) => {
      const { server, send } = await fixture([{ code }, {}]);
      expect((await send('a')).status.code).toBe(code);
      expect((await send('a')).status.code).toBe(status.OK);
      expect(server.attempts).toHaveLength(2);
    },
  );

  test('that free the key let one of those who wait run', async () => {
    const { server, send } = await fixture([hang, {}]);
    const calls = [send('a'), send('a'), send('a')];
    await server.seen(1);
    await turns();
    server.release(0, { code: status.UNAVAILABLE });
    const codes = (await Promise.all(calls)).map(({ status: { code } }) => code);
    expect(codes.toSorted()).toEqual([status.OK, status.OK, status.UNAVAILABLE]);
    expect(server.attempts).toHaveLength(2);
  });

  test("of an inner interceptor count like the handler's", async () => {
    let refusals = 0;
    const refusing = defineServerInterceptor('refusing', () => () => ({
      onRequest() {
        refusals++;
        throw new StatusError(refusals === 1 ? status.RESOURCE_EXHAUSTED : status.INVALID_ARGUMENT, 'no');
      },
    }));
    const { server, send } = await fixture([{}], {}, [], [refusing]);
    for (const code of [status.RESOURCE_EXHAUSTED, status.INVALID_ARGUMENT, status.INVALID_ARGUMENT]) {
      expect((await send('a')).status.code).toBe(code);
    }
    expect(refusals).toBe(2);
    expect(server.attempts).toHaveLength(0);
  });
});
