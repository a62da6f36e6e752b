import { status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import {
  ECHO,
  EVERY,
  OK,
  call,
  decisions,
  denied,
  invalid,
  jwt,
  kinds,
  missing,
  reached,
  start,
  token,
} from '../../test/support/guarded-echo.js';
import { StatusError } from '../core/status/status-error.js';
import type { EchoRequest } from '../testing/index.js';
import { allow } from './allow.js';
import type { Authenticate } from './authenticate.js';
import { bearerMetadata } from './fixtures/tokens.js';
import { currentIdentity } from './identity.js';
import { definePolicy } from './policy.js';
import { authServerInterceptor, type AuthServerOptions } from './server-interceptor.js';

describe('the guide’s own case', () => {
  test('GetProduct skips authentication, the rest needs Bearer, and user_id and email reach the handler', async () => {
    await start({ [`${ECHO}/Echo`]: allow.anyone, [EVERY]: allow.authenticated });
    expect(await call('unary')).toEqual(OK);
    expect(await call('serverStream')).toEqual(missing);
    expect(await call('serverStream', bearerMetadata('nonsense'))).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await call('serverStream', token({ user_id: 42, email: 'ann@shop.example' }))).toEqual(OK);
    expect(reached).toMatchObject([undefined, { claims: { user_id: 42, email: 'ann@shop.example' } }]);
  });
});

describe.each(kinds)('%s:', (kind) => {
  test('who may, reaches the handler, which knows who it is', async () => {
    await start({ [EVERY]: allow.role('admin') });
    expect(await call(kind, token({ roles: ['admin'] }))).toEqual(OK);
    expect(reached).toMatchObject([{ subject: 'user-1', scheme: 'bearer' }]);
  });

  test('who shows nothing, or something bad, or may not, does not', async () => {
    await start({ [EVERY]: allow.role('admin') });
    expect(await call(kind)).toEqual(missing);
    expect(await call(kind, token({ exp: 1 }))).toEqual(invalid);
    expect(await call(kind, token({ roles: ['customer'] }))).toEqual(denied);
    expect(reached).toEqual([]);
  });

  test('a method without a rule is closed to all', async () => {
    await start({ 'other.Service/*': allow.anyone });
    expect(await call(kind)).toEqual(denied);
    expect(await call(kind, token({ roles: ['admin'] }))).toEqual(denied);
    expect(reached).toEqual([]);
  });

  test('the operator learns the reason, which the client does not', async () => {
    const { events } = await start({ [EVERY]: allow.authenticated });
    await call(kind, token({ exp: 1 }));
    const end = await events.until({ side: 'server', hook: 'onEnd' });
    expect(end).toMatchObject({ code: 'UNAUTHENTICATED', origin: 'interceptor' });
    expect((end.error as Error).cause).toMatchObject({ message: expect.stringContaining('ERR_JWT_EXPIRED') as string });
  });
});

describe('open to anyone', () => {
  test('good credentials make the caller known all the same', async () => {
    await start({ [EVERY]: allow.any(allow.anyone, allow.role('admin')) });
    expect(await call('unary', token())).toEqual(OK);
    expect(reached).toMatchObject([{ subject: 'user-1' }]);
  });

  test('bad ones refuse nobody, and the audit sees why they did not count', async () => {
    await start({ [EVERY]: allow.anyone });
    expect(await call('unary', token({ exp: 1 }))).toEqual(OK);
    expect(reached).toEqual([undefined]);
    expect(decisions).toMatchObject([{ allowed: true, reason: { name: 'CredentialsError' } }]);
  });

  test('nor does a key server that is away', async () => {
    const away: Authenticate = () => Promise.reject(new StatusError(status.UNAVAILABLE, 'away'));
    await start({ [EVERY]: allow.anyone }, { authenticate: away });
    expect(await call('unary', token())).toEqual(OK);
  });
});

describe('onDecision', () => {
  test('is told of allow and deny, with who, what and why', async () => {
    await start({ [EVERY]: allow.role('admin') });
    await call('unary', token({ roles: ['admin'] }));
    await call('bidi', token());
    await call('unary');
    expect(decisions).toMatchObject([
      { allowed: true, code: status.OK, rule: 'role admin', identity: { subject: 'user-1' }, reason: undefined },
      {
        allowed: false,
        code: status.PERMISSION_DENIED,
        identity: { subject: 'user-1' },
        call: { method: { name: 'BidiEcho' } },
        reason: { message: 'not allowed by the rule: role admin' },
      },
      { allowed: false, code: status.UNAUTHENTICATED, identity: undefined },
    ]);
  });

  test('a call that messages decide counts once', async () => {
    await start({ [EVERY]: allow.request<EchoRequest>((_, { text }) => text !== 'no') });
    await call('bidi', token(), 'a', 'b', 'c');
    await call('bidi', token(), 'no');
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, false]);
  });

  test('that throws or rejects affects no call', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    for (const onDecision of [() => Promise.reject(new Error('disk is full')), () => JSON.parse('{') as void]) {
      await start({ [EVERY]: allow.role('admin') }, { onDecision: onDecision });
      expect(await call('unary', token({ roles: ['admin'] }))).toEqual(OK);
      expect(await call('unary', token())).toEqual(denied);
    }
    expect(warnings).toHaveBeenCalledWith(expect.stringContaining('disk is full'), expect.anything());
    warnings.mockRestore();
  });
});

test('outside a call nobody is known', () => {
  expect(currentIdentity()).toBeUndefined();
});

test.each<[string, object, RegExp]>([
  ['no authenticator', { authenticate: undefined }, /authenticate must be a function/],
  ['an empty list', { authenticate: [] }, /authenticate must be a function/],
  ['plain rules', { policy: { '*': allow.anyone } }, /policy must be made with definePolicy/],
  ['an audit that is no function', { onDecision: 'log' }, /onDecision must be a function/],
])('%s is refused at construction', (_, given, message) => {
  const options = { authenticate: jwt, policy: definePolicy({}), ...given } as AuthServerOptions;
  expect(() => authServerInterceptor(options)).toThrow(message);
});
