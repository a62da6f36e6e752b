import { describe, expect, test } from 'vitest';
import { Previewer } from './preview.js';
import { REDACTED, Redactor } from './redact.js';

const shown = (paths: string[], value: unknown): unknown =>
  new Previewer(new Redactor(paths, 'redact'), 2048).of(value);

describe('paths', () => {
  const card = { number: '4242', cvv: '119', holder: { name: 'Ada' } };

  test.each([
    ['card.number', { card: { number: '4242', cvv: '1' } }, { card: { number: REDACTED, cvv: '1' } }],
    ['card', { card }, { card: REDACTED }],
    ['card.*', { card: { number: '4', cvv: '1' } }, { card: { number: REDACTED, cvv: REDACTED } }],
    ['*.cvv', { card: { cvv: '1', a: 1 }, cvv: 2 }, { card: { cvv: REDACTED, a: 1 }, cvv: 2 }],
    ['items[0].cvv', { items: [{ cvv: 1 }, { cvv: 2 }] }, { items: [{ cvv: REDACTED }, { cvv: 2 }] }],
    ['items[*].cvv', { items: [{ cvv: 1 }, { cvv: 2 }] }, { items: [{ cvv: REDACTED }, { cvv: REDACTED }] }],
    ['items.*.cvv', { items: [{ cvv: 1 }] }, { items: [{ cvv: REDACTED }] }],
    ['items[*]', { items: [1, 2] }, { items: [REDACTED, REDACTED] }],
    ['["x-api-key"]', { 'x-api-key': 'k', x: 1 }, { 'x-api-key': REDACTED, x: 1 }],
    ["card['number']", { card: { number: 1 } }, { card: { number: REDACTED } }],
    [
      '**.password',
      { a: { b: [{ password: 1 }] }, password: 2 },
      { a: { b: [{ password: REDACTED }] }, password: REDACTED },
    ],
    ['a.**.z', { a: { z: 1, b: { c: { z: 2 } } }, z: 3 }, { a: { z: REDACTED, b: { c: { z: REDACTED } } }, z: 3 }],
  ])('%s', (path, value, expected) => {
    expect(shown([path], value)).toEqual(expected);
  });

  test('a list on the way need not be mentioned, however deep lists nest', () => {
    expect(shown(['items.cvv'], { items: [[{ cvv: 1 }], { cvv: 2 }] })).toEqual({
      items: [[{ cvv: REDACTED }], { cvv: REDACTED }],
    });
  });

  test('snake_case, camelCase and kebab-case are one name', () => {
    expect(shown(['card_number', 'postCode'], { cardNumber: 1, post_code: 2, 'card-number': 3 })).toEqual({
      cardNumber: REDACTED,
      post_code: REDACTED,
      'card-number': REDACTED,
    });
  });

  test('keys of a Map are names', () => {
    expect(
      shown(['secrets.b'], {
        secrets: new Map([
          ['a', 1],
          ['b', 2],
        ]),
      }),
    ).toEqual({ secrets: { a: 1, b: REDACTED } });
  });

  test('several paths are compared in one walk', () => {
    expect(shown(['a.b', 'a.c.d', 'a.*.e'], { a: { b: 1, c: { d: 2, e: 3, f: 4 } } })).toEqual({
      a: { b: REDACTED, c: { d: REDACTED, e: REDACTED, f: 4 } },
    });
  });

  test('the value itself is left as it is', () => {
    const value = { card: { number: '4242' } };
    shown(['card.number'], value);
    expect(value).toEqual({ card: { number: '4242' } });
  });
});

test('credentials and binary values are never shown, with no path at all', () => {
  const secrets = {
    authorization: 'Bearer x',
    'Proxy-Authorization': 'y',
    cookie: 'a=b',
    'set-cookie': ['c=d'],
    'trace-bin': Buffer.from('zz'),
    nested: { Authorization: 'Bearer z', fine: 1 },
  };
  expect(shown([], secrets)).toEqual({
    authorization: REDACTED,
    'Proxy-Authorization': REDACTED,
    cookie: REDACTED,
    'set-cookie': REDACTED,
    'trace-bin': REDACTED,
    nested: { Authorization: REDACTED, fine: 1 },
  });
});

test.each([[''], ['a..b'], ['a['], ['a[x]'], ['a.**'], ['a b].c'], [7 as never]])('%j is no path', (path) => {
  expect(() => new Redactor(['fine', path], 'owner: redact')).toThrow(/^owner: redact\[1\] must be a path such as/);
});

test('paths are a list', () => {
  expect(() => new Redactor('card' as never, 'owner: redact')).toThrow(
    "owner: redact must be a list of paths, got 'card'",
  );
});
