import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { hedgingClientInterceptor, idempotencyClientInterceptor, retryClientInterceptor } from '../index.js';
import { kinds, startCall, type Answer, type ScriptedServer } from '../fixtures/scripted-server.js';
import { closeServers, hang, scripted, withKey } from './fixtures/processes.js';

afterEach(() => {
  vi.restoreAllMocks();
  closeServers();
});

describe('the client side', () => {
  const unavailable: Answer = { code: status.UNAVAILABLE };
  const keysOf = (server: ScriptedServer): unknown[] =>
    server.attempts.map(({ metadata }) => metadata.get('idempotency-key')[0]);

  test.each(kinds)('one key for all attempts of a call, another for the next call: %s', async (kind) => {
    const server = await scripted([unavailable, unavailable, {}]);
    const interceptors = [idempotencyClientInterceptor(), retryClientInterceptor({ backoff: () => 0 })];
    const client = await server.client({ interceptors });
    await startCall(client, kind).outcome;
    await startCall(client, kind).outcome;
    const keys = keysOf(server);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
    expect(keys[3]).not.toBe(keys[0]);
  });

  test('and for all hedges', async () => {
    const server = await scripted([hang, hang, {}]);
    const hedging = hedgingClientInterceptor({ maxAttempts: 3 });
    const client = await server.client({ interceptors: [idempotencyClientInterceptor(), hedging] });
    await startCall(client, 'unary').outcome;
    expect(new Set(keysOf(server)).size).toBe(1);
  });

  test("the caller's own key stays, as does the caller's metadata", async () => {
    const server = await scripted([{}]);
    const newKey = vi.fn(() => 'made');
    const client = await server.client({ interceptors: [idempotencyClientInterceptor({ newKey })] });
    const [own, none] = [withKey('mine'), withKey()];
    await startCall(client, 'unary', { metadata: own }).outcome;
    await startCall(client, 'unary', { metadata: none }).outcome;
    expect(keysOf(server)).toEqual(['mine', 'made']);
    expect(newKey).toHaveBeenCalledTimes(1);
    expect(none.get('idempotency-key')).toEqual([]);
  });

  test('only the methods asked for', async () => {
    const server = await scripted([{}]);
    const client = await server.client({
      interceptors: [idempotencyClientInterceptor({ methods: 'test.Scripted/unary' })],
    });
    await startCall(client, 'serverStream').outcome;
    expect(keysOf(server)).toEqual([undefined]);
  });

  test('behind a retry it warns, once', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const server = await scripted([unavailable, {}]);
    const interceptors = [retryClientInterceptor({ backoff: () => 0 }), idempotencyClientInterceptor()];
    await startCall(await server.client({ interceptors }), 'unary').outcome;
    expect(warnings.mock.calls).toEqual([
      [expect.stringContaining('list it before them'), { code: 'GRPC_JS_MIDDLEWARE_ORDER' }],
    ]);
  });
});
