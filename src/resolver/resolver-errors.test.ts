import { afterEach, expect, test, vi } from 'vitest';
import { safely, type ResolverErrorListener } from './resolver-errors.js';
import { eventually } from '../../test/support/until.js';

afterEach(() => vi.restoreAllMocks());

test.each<[string, ResolverErrorListener]>([
  [
    'throws',
    () => {
      throw new Error('no log');
    },
  ],
  ['rejects', () => Promise.reject(new Error('no log'))],
])('a listener that %s is a process warning', async (_how, listener) => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  safely(listener)({ target: 'dns-poll:///shop', error: new Error('NXDOMAIN') });
  await eventually(() => expect(warn).toHaveBeenCalledOnce());
  expect(warn.mock.calls[0]![0]).toBe('addresses of dns-poll:///shop: onError threw: Error: no log');
});
