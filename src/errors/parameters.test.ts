import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeParameters, encodeParameters } from './parameters.js';

const there = (parameters: object) => decodeParameters(encodeParameters(parameters));

describe('parameters', () => {
  test('are readable texts to programs in other languages', () => {
    expect(encodeParameters({ id: 7, name: 'Café', ok: true, big: 7n, digits: '7', none: undefined })).toEqual({
      id: '7',
      name: 'Café',
      ok: 'true',
      big: '7n',
      digits: '"7"',
    });
  });

  test.each([
    '7',
    '7n',
    'true',
    'null',
    '"',
    '"quoted"',
    '',
    ' 7',
    '07',
    '1e3',
    '1000',
    'NaN',
    'Infinity',
    '-0',
    '{}',
    '\\',
  ])('the text %j stays a text', (text) => {
    expect(there({ text })).toEqual({ text });
  });

  test.each([0, -0, 1.5, -7, 1e21, 5e-324, NaN, Infinity, -Infinity, 2 ** 53])(
    'the number %d stays a number',
    (number) => {
      expect(there({ number })).toEqual({ number });
    },
  );

  test('any parameters come back with their types', () => {
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'0123456789.-+en"tru') }),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.bigInt(),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]\w{0,8}$/), value, { noNullPrototype: true }),
        (parameters) => {
          expect(there(parameters)).toEqual(parameters);
        },
      ),
    );
  });

  test('what cannot be read stays as it is', () => {
    expect(decodeParameters({ a: '"broken', b: '12x', c: '--1n' })).toEqual({ a: '"broken', b: '12x', c: '--1n' });
  });
});
