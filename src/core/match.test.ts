import { describe, expect, test } from 'vitest';
import { matcher, type MethodMatch } from './match.js';
import { methodOf } from './method.js';

const get = methodOf({ path: '/shop.v1.Shop/Get', requestStream: false, responseStream: false });
const list = methodOf({ path: '/shop.v1.Shop/List', requestStream: false, responseStream: true });
const health = methodOf({ path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false });

describe('matcher', () => {
  test.each<[MethodMatch, boolean, boolean, boolean]>([
    ['shop.v1.Shop/Get', true, false, false],
    ['/shop.v1.Shop/Get', true, false, false],
    ['shop.v1.Shop/*', true, true, false],
    ['*', true, true, true],
    [/Shop\/L/, false, true, false],
    [/^grpc\./, false, false, true],
    [/Shop/g, true, true, false],
    [(method) => method.kind === 'unary', true, false, true],
    [['shop.v1.Shop/Get', /Health/], true, false, true],
    [[], false, false, false],
  ] as [MethodMatch, boolean, boolean, boolean][])('%s', (match, ...expected) => {
    const matches = matcher(match);
    expect([get, list, health].map(matches)).toEqual(expected);
    // A global RegExp keeps state between tests; the matcher does not.
    expect([get, list, health].map(matches)).toEqual(expected);
  });

  test.each(['Get', 'shop.v1.Shop', 'shop.v1.Shop/', 'a/b/c', 'shop.*/Get', '', 7, null, {}])('refuses %j', (match) => {
    expect(() => matcher(match as MethodMatch, 'rules')).toThrow(/^rules must be .*'pkg\.Service\/Name'.*, got /);
  });
});

describe('methodOf', () => {
  test('reads service, name and kind, and answers one object per path', () => {
    expect(get).toEqual({ path: '/shop.v1.Shop/Get', service: 'shop.v1.Shop', name: 'Get', kind: 'unary' });
    expect(methodOf({ path: '/shop.v1.Shop/Get', requestStream: false, responseStream: false })).toBe(get);
  });

  test.each([
    [false, false, 'unary'],
    [true, false, 'client_stream'],
    [false, true, 'server_stream'],
    [true, true, 'bidi_stream'],
  ])('request stream %s, response stream %s: %s', (requestStream, responseStream, kind) => {
    expect(methodOf({ path: '/a.B/C', requestStream, responseStream }).kind).toBe(kind);
  });
});
