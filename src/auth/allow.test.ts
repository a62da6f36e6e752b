import { status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { EVERY, OK, call, decisions, denied, missing, reached, start, token } from '../../test/support/guarded-echo.js';
import type { Identity } from '../core/shared/identity.js';
import type { EchoRequest } from '../testing/index.js';
import { allow } from './allow.js';
import type { Rule } from './policy-rule.js';

describe('rules', () => {
  const run = async (rule: Rule, given: object = {}): Promise<string> => {
    await start({ [EVERY]: rule });
    return status[(await call('unary', token({ roles: ['a', 'b'], scope: 'r w', ...given }))).code];
  };
  const fails = allow.when(() => {
    throw new Error('database is down');
  });

  test('role: at least one; scope: all', async () => {
    expect(await run(allow.role('x', 'b'))).toBe('OK');
    expect(await run(allow.role('x', 'y'))).toBe('PERMISSION_DENIED');
    expect(await run(allow.scope('r', 'w'))).toBe('OK');
    expect(await run(allow.scope('r', 'x'))).toBe('PERMISSION_DENIED');
  });

  test('nobody, any and all', async () => {
    expect(await run(allow.nobody)).toBe('PERMISSION_DENIED');
    expect(await run(allow.any(allow.role('x'), allow.scope('r')))).toBe('OK');
    expect(await run(allow.any(allow.role('x'), allow.scope('x')))).toBe('PERMISSION_DENIED');
    expect(await run(allow.all(allow.role('a'), allow.scope('r')))).toBe('OK');
    expect(await run(allow.all(allow.role('a'), allow.scope('x')))).toBe('PERMISSION_DENIED');
    expect(await run(allow.all(allow.authenticated, allow.nobody))).toBe('PERMISSION_DENIED');
    expect(await run(allow.any(allow.nobody, allow.all(allow.role('a'), allow.any(allow.role('b')))))).toBe('OK');
  });

  test('when: told who calls and with what, now or later', async () => {
    const check = vi.fn((identity: Identity) => identity.subject === 'user-1');
    expect(await run(allow.when(check))).toBe('OK');
    expect(check).toHaveBeenCalledWith(
      expect.objectContaining({ subject: 'user-1' }),
      expect.objectContaining({ method: expect.objectContaining({ name: 'Echo' }) as object }),
    );
    expect(await run(allow.when(async () => true))).toBe('OK');
    expect(await run(allow.when(async () => false))).toBe('PERMISSION_DENIED');
    expect(
      await run(
        allow.any(
          allow.when(async () => false),
          allow.when(async () => true),
        ),
      ),
    ).toBe('OK');
    expect(
      await run(
        allow.all(
          allow.when(async () => true),
          allow.when(async () => false),
        ),
      ),
    ).toBe('PERMISSION_DENIED');
  });

  test.each<[string, Rule]>([
    ['throws', fails],
    ['rejects', allow.when(() => Promise.reject(new Error('down')))],
    ['says 1', allow.when(() => 1 as unknown as boolean)],
    ['says nothing', allow.when((() => {}) as unknown as () => boolean)],
    ['says an object, later', allow.when(async () => ({}) as unknown as boolean)],
  ])('when: that %s denies, and operators learn it', async (_, rule) => {
    expect(await run(rule)).toBe('PERMISSION_DENIED');
    expect(decisions.at(-1)!.reason).toMatchObject({ cause: expect.any(Error) as Error });
  });

  test('when: that throws does not undo another’s yes', async () => {
    expect(await run(allow.any(fails, allow.role('a')))).toBe('OK');
    expect(await run(allow.all(allow.role('a'), fails))).toBe('PERMISSION_DENIED');
  });

  test('any: asks no further than the first yes', async () => {
    const check = vi.fn(() => true);
    expect(await run(allow.any(allow.role('a'), allow.when(check)))).toBe('OK');
    expect(check).not.toHaveBeenCalled();
  });

  test('a bearer without a scope learns which he needs (RFC 6750)', async () => {
    await start({ [EVERY]: allow.all(allow.authenticated, allow.scope('orders:write')) });
    expect(await call('unary', token({ scope: 'orders:read' }))).toEqual({
      ...denied,
      challenge: ['Bearer realm="grpc", error="insufficient_scope", scope="orders:write"'],
    });
  });
});

describe('request: decides by each message', () => {
  const own = allow.request<EchoRequest>((identity, { text }) => identity.subject === text);

  test.each(['unary', 'serverStream'] as const)('%s: before the handler runs', async (kind) => {
    await start({ [EVERY]: own });
    expect(await call(kind, token(), 'user-1')).toEqual(OK);
    expect(await call(kind, token(), 'user-2')).toEqual(denied);
    expect(reached).toHaveLength(1);
  });

  test.each(['clientStream', 'bidi'] as const)('%s: the first bad one ends the call', async (kind) => {
    await start({ [EVERY]: own });
    expect(await call(kind, token(), 'user-1', 'user-1')).toEqual(OK);
    expect(await call(kind, token(), 'user-1', 'user-2', 'user-1')).toEqual(denied);
    expect(await call(kind)).toEqual(missing);
  });

  test('together with other rules, which decide first', async () => {
    await start({ [EVERY]: allow.any(own, allow.role('admin')) });
    expect(await call('unary', token(), 'user-1')).toEqual(OK);
    expect(await call('unary', token(), 'user-2')).toEqual(denied);
    expect(await call('unary', token({ roles: ['admin'] }), 'user-2')).toEqual(OK);
  });

  test('all of several', async () => {
    const short = allow.request<EchoRequest>(async (_, { text }) => text.length < 7);
    await start({ [EVERY]: allow.all(own, short, allow.authenticated) });
    expect(await call('unary', token(), 'user-1')).toEqual(OK);
    expect(await call('unary', token({ sub: 'user-10' }), 'user-10')).toEqual(denied);
  });

  test('a check that throws denies', async () => {
    const fails = allow.request(() => {
      throw new Error('no such field');
    });
    await start({ [EVERY]: allow.any(fails, own) });
    expect(await call('unary', token(), 'user-2')).toEqual(denied);
    expect(decisions.at(-1)!.reason).toMatchObject({ cause: { message: 'no such field' } });
    expect(await call('unary', token(), 'user-1')).toEqual(OK);
  });
});
