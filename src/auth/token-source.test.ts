import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { call, counting, revoked, running, seen, start } from '../../test/support/token-door.js';
import { StatusError } from '../core/status/status-error.js';
import { EchoRequest } from '../testing/index.js';
import { SECRET, claims, macced, secondsFromNow } from './fixtures/tokens.js';
import type { GetToken } from './token-source.js';
import { until } from '../../test/support/until.js';

describe('a token source', () => {
  test('is asked once for concurrent and later calls', async () => {
    const token = counting();
    await start({ token });
    await Promise.all([call(), call(), call()]);
    await call();
    expect(token).toHaveBeenCalledTimes(1);
    expect(token).toHaveBeenCalledWith(
      expect.objectContaining({ target: expect.stringContaining(running!.address) as string }),
    );
    expect(seen).toEqual(Array(4).fill('Bearer t1'));
  });

  test('that answers at once holds up no call', async () => {
    await start({ token: () => 'now' });
    await call();
    expect(seen).toEqual(['Bearer now']);
  });

  test('is asked again after UNAUTHENTICATED, and by then once', async () => {
    const token = counting();
    await start({ token });
    revoked.add('Bearer t1');
    await expect(Promise.all([call(), call()])).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    await Promise.all([call(), call()]);
    expect(token).toHaveBeenCalledTimes(2);
    expect(seen.slice(-2)).toEqual(['Bearer t2', 'Bearer t2']);
  });

  test('a late refusal of an old token does not cost a new one', async () => {
    const token = counting();
    const { client } = await start({ token });
    const slow = client.echo(EchoRequest.create({ delayMs: 100, errorCode: status.UNAUTHENTICATED }));
    slow.catch(() => {});
    await until(() => seen.length === 1);
    revoked.add('Bearer t1');
    await expect(call()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    await call();
    await expect(slow).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    await call();
    expect(token).toHaveBeenCalledTimes(2);
  });

  test('other failures forget no token', async () => {
    const token = counting();
    const { client } = await start({ token });
    await expect(client.echo(EchoRequest.create({ errorCode: status.PERMISSION_DENIED }))).rejects.toThrow();
    await call();
    expect(token).toHaveBeenCalledTimes(1);
  });

  test('that fails makes its calls UNAVAILABLE, and is asked again by the next', async () => {
    const token = vi.fn<GetToken>(() => Promise.reject(new Error('client_secret=hunter2')));
    const { events } = await start({ token });
    await expect(Promise.all([call(), call()])).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: 'Could not obtain a token',
    });
    expect(token).toHaveBeenCalledTimes(1);
    expect((await events.until({ side: 'client', hook: 'onEnd' })).details).not.toContain('hunter2');
    token.mockResolvedValue('t');
    await call();
    expect(seen).toEqual(['Bearer t']);
  });

  test('that throws a StatusError decides the code', async () => {
    await start({
      token: () => {
        throw new StatusError(status.FAILED_PRECONDITION, 'sign in first');
      },
    });
    await expect(call()).rejects.toMatchObject({ code: status.FAILED_PRECONDITION, details: 'sign in first' });
  });

  test.each([undefined, '', 'a b', 'a\nb', 'ü', 7, {}, { token: 'x' }, { token: '', expiresAt: 1e15 }])(
    'that gives %j fails the call, and shows it to nobody',
    async (token) => {
      await start({ token: (() => token) as never });
      await expect(call()).rejects.toMatchObject({ code: status.UNAVAILABLE, details: 'Could not obtain a token' });
      expect(seen).toEqual([]);
    },
  );

  test('with perCall is asked for every call', async () => {
    const token = counting();
    await start({ token, perCall: true });
    await Promise.all([call(), call()]);
    await call();
    expect(seen.toSorted()).toEqual(['Bearer t1', 'Bearer t2', 'Bearer t3']);
  });
});

describe('a token that expires', () => {
  const lasting = (seconds: number, n: number): string => macced(SECRET, claims({ exp: secondsFromNow(seconds), n }));
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is refreshed before it does, while calls go on with it', async () => {
    let arrive!: (token: string) => void;
    const token = vi
      .fn<GetToken>()
      .mockReturnValueOnce(lasting(300, 1))
      .mockReturnValueOnce(new Promise((resolve) => (arrive = resolve)));
    await start({ token });
    await call();
    vi.advanceTimersByTime(269_000);
    await call();
    expect(token).toHaveBeenCalledTimes(1);

    vi.advanceTimersByTime(1_000);
    await Promise.all([call(), call()]);
    expect(token).toHaveBeenCalledTimes(2);
    expect(new Set(seen).size).toBe(1);
    arrive(lasting(300, 2));
    await new Promise(setImmediate);
    await call();
    expect(new Set(seen).size).toBe(2);
  });

  test('is used to its end while the source fails, which is asked once in a second', async () => {
    const token = vi
      .fn<GetToken>()
      .mockReturnValueOnce({ token: 'opaque', expiresAt: Date.now() + 60_000 })
      .mockRejectedValue(new Error('down'));
    await start({ token });
    await call();
    vi.advanceTimersByTime(30_000);
    for (let i = 0; i < 3; i++) await call();
    expect(token).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1_000);
    await call();
    expect(token).toHaveBeenCalledTimes(3);
    expect(new Set(seen)).toEqual(new Set(['Bearer opaque']));
    vi.advanceTimersByTime(29_000);
    await expect(call()).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test('and is short-lived is not fetched for every call', async () => {
    const token = vi.fn<GetToken>(() => lasting(20, 1));
    await start({ token });
    for (let i = 0; i < 3; i++) await call();
    expect(token).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(10_000);
    await call();
    expect(token).toHaveBeenCalledTimes(2);
  });

  test.each(['a.b.c', 'a.bnVsbA.c', 'opaque'])('%s has no end that can be read, and is kept', async (opaque) => {
    const token = vi.fn<GetToken>(() => opaque);
    await start({ token });
    await call();
    vi.advanceTimersByTime(1e9);
    await call();
    expect(token).toHaveBeenCalledTimes(1);
  });
});
