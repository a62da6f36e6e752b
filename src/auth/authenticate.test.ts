import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { EVERY, OK, call, invalid, jwt, reached, start, token } from '../../test/support/guarded-echo.js';
import { StatusError } from '../core/status/status-error.js';
import type { Identity } from '../core/shared/identity.js';
import { allow } from './allow.js';
import type { Authenticate } from './authenticate.js';

describe('several authenticators', () => {
  const identity = (subject: string, scheme = 'key'): Identity => ({
    subject,
    scheme,
    roles: [],
    scopes: [],
    claims: {},
  });
  const apiKey: Authenticate = async ({ metadata }) => {
    const [key] = metadata.get('x-api-key');
    if (key === 'bad') throw new Error('no such key');
    return key === undefined ? undefined : identity(String(key));
  };
  const withKey = (key: string, metadata = new Metadata()): Metadata => {
    metadata.set('x-api-key', key);
    return metadata;
  };

  test('the first that knows its kind of credentials decides', async () => {
    await start({ [EVERY]: allow.authenticated }, { authenticate: [apiKey, jwt] });
    expect(await call('unary', token())).toEqual(OK);
    expect(await call('unary', withKey('k1'))).toEqual(OK);
    expect(await call('unary', withKey('k2', token()))).toEqual(OK);
    expect(reached.map((each) => each?.subject)).toEqual(['user-1', 'k1', 'k2']);
  });

  test('bad credentials are not made good by others', async () => {
    await start({ [EVERY]: allow.authenticated }, { authenticate: [apiKey, jwt] });
    expect(await call('unary', withKey('bad', token()))).toEqual({ ...invalid, challenge: [] });
    expect(await call('unary', withKey('k1', token({ exp: 1 })))).toEqual(OK);
  });

  test('callers without credentials learn of every kind', async () => {
    const basic = Object.assign(() => undefined, { challenge: 'Basic realm="shop"' });
    await start({ [EVERY]: allow.authenticated }, { authenticate: [jwt, basic, apiKey] });
    expect((await call('unary')).challenge.join(', ')).toBe('Bearer realm="grpc", Basic realm="shop"');
  });

  test('a StatusError that one throws is sent as it is', async () => {
    const busy: Authenticate = () => {
      throw new StatusError(status.RESOURCE_EXHAUSTED, 'directory is busy');
    };
    await start({ [EVERY]: allow.authenticated }, { authenticate: busy });
    expect(await call('unary')).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'directory is busy' });
  });

  test.each<[string, unknown]>([
    ['true', true],
    ['no subject', { scheme: 'x', roles: [], scopes: [], claims: {} }],
    ['an empty subject', identity('')],
    ['no roles', { ...identity('x'), roles: undefined }],
    ['scopes in one text', { ...identity('x'), scopes: 'read write' }],
  ])('one that answers %s lets nobody in', async (_, answer) => {
    await start({ [EVERY]: allow.authenticated }, { authenticate: () => answer as Identity });
    expect(await call('unary')).toMatchObject({ code: status.UNAUTHENTICATED });
  });
});
