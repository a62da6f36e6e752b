import { createHash } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { expect, test, vi } from 'vitest';
import type { ServerCallContext } from '../core/context.js';
import { apiKeyAuthenticator } from './api-key-authenticator.js';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const showing = (...keys: string[]): ServerCallContext => {
  const metadata = new Metadata();
  for (const key of keys) metadata.add('x-api-key', key);
  return { metadata } as ServerCallContext;
};

const authenticate = apiKeyAuthenticator({
  keys: {
    old: { sha256: sha256('key-1'), subject: 'acme', roles: ['partner'] },
    new: { sha256: sha256('key-2').toUpperCase(), subject: 'acme', scopes: ['feed'] },
  },
});

test('each of several valid keys identifies its subject', () => {
  expect(authenticate(showing('key-1'))).toEqual({
    subject: 'acme',
    scheme: 'api-key',
    roles: ['partner'],
    scopes: [],
    claims: { keyId: 'old' },
  });
  expect(authenticate(showing('key-2'))).toMatchObject({ scopes: ['feed'], claims: { keyId: 'new' } });
});

test('a call without a key shows no credentials of this kind', () => {
  expect(authenticate(showing())).toBeUndefined();
});

test.each([[['key-3']], [['']], [['x'.repeat(2_000)]], [['key-1', 'key-1']]])(
  'refuses %j and does not show it',
  (keys) => {
    try {
      void authenticate(showing(...keys));
      expect.unreachable();
    } catch (error) {
      expect(String(error)).toMatch(/API key/);
      expect(String(error)).not.toContain('key-3');
    }
  },
);

test('a look-up is given the digest only', async () => {
  const lookup = vi.fn(async (digest: string) => (digest === sha256('k') ? { subject: 'ann' } : undefined));
  const found = apiKeyAuthenticator({ keys: { lookup } });
  expect(await found(showing('k'))).toMatchObject({ subject: 'ann', scheme: 'api-key' });
  await expect(found(showing('other'))).rejects.toThrow(/unknown API key/);
  expect(lookup.mock.calls).toEqual([[sha256('k')], [sha256('other')]]);
});

test.each([
  [{ keys: undefined }, /keys must be/],
  [{ keys: {} }, /keys must be/],
  [{ keys: { a: { sha256: 'hunter2', subject: 'x' } } }, /sha256 must be/],
  [{ keys: { a: { sha256: sha256('x'), subject: '' } } }, /subject must be/],
  [{ keys: { a: { sha256: sha256('x'), subject: 'x', roles: 'y' } } }, /roles must be/],
  [{ keys: { lookup: () => undefined }, header: 'X-Key' }, /header must be/],
])('%# is refused at construction, without a secret', (options, message) => {
  expect(() => apiKeyAuthenticator(options as never)).toThrow(message);
  expect(() => apiKeyAuthenticator(options as never)).not.toThrow(/hunter2/);
});
