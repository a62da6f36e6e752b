import { Metadata, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hpackSize } from './hpack-size.js';
import { shortText, wireStatus, wireText } from './wire-status.js';
import { runs } from '../../../test/support/runs.js';

describe('wireStatus', () => {
  test.each([-1, 17, 57, 404, 11_000])('passes code %s on, as grpc-js does', (code) => {
    expect(wireStatus({ code, details: 'x' }).code).toBe(code);
  });

  test.each([1.5, '5', undefined, null, NaN])(
    'makes UNKNOWN of code %s, which is not a number that can be sent',
    (code) => {
      expect(wireStatus({ code, details: 'x' }).code).toBe(status.UNKNOWN);
    },
  );

  test('the text of an error of ours takes at most 2 KiB', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20_000 }), fc.nat(3), (text, lone) => {
        const sent = shortText(text + '\ud800'.repeat(lone));
        expect(encodeURI(sent).length).toBeLessThanOrEqual(2048 + 9);
      }),
      { numRuns: runs(300) },
    );
  });

  test('well-formed text travels as it is, long text too', () => {
    for (const text of ['Produkt nicht gefunden: ☃\n', 'x'.repeat(3_000), 'x'.repeat(74_898)]) {
      expect(wireText(text)).toBe(text);
    }
    expect(wireText('a\ud800b')).toBe('a\ufffdb');
    expect(wireText(undefined)).toBe('');
    expect(wireText(new Error('secret'))).toBe('');
  });

  test.each(['x', ' ', '~', 'ü', '☃'])('cuts text of %s that would hang the connection, and says so', (letter) => {
    const sent = wireText(letter.repeat(200_000));
    expect(sent.endsWith('…')).toBe(true);
    expect(hpackSize(encodeURI(sent))).toBeLessThanOrEqual(65_536);
    expect(hpackSize(encodeURI(sent))).toBeGreaterThan(55_000);
  });

  test('trailers of 50,000 bytes stay; one that would hang the connection is left out; the given object stays', () => {
    const metadata = new Metadata();
    metadata.set('small', 'stays');
    metadata.set('large-bin', Buffer.alloc(50_000));
    metadata.set('huge-bin', Buffer.alloc(80_000, 'üx'));
    const sent = wireStatus({ code: status.INTERNAL, details: '', metadata });
    expect(Object.keys(sent.metadata.getMap())).toEqual(['small', 'large-bin']);
    expect(metadata.get('huge-bin')).toHaveLength(1);
  });

  test('many trailers that would close the connection together lose the largest', () => {
    const metadata = new Metadata();
    for (let i = 0; i < 20; i++) metadata.set(`key-${i}`, '~'.repeat(10_000 + i));
    const sent = wireStatus({ code: status.INTERNAL, details: '', metadata });
    expect(Object.keys(sent.metadata.getMap())).toEqual(Array.from({ length: 13 }, (_, i) => `key-${i}`));
  });

  test('headers on which HTTP/2 throws are left out', () => {
    const metadata = new Metadata();
    metadata.set('connection', 'close');
    metadata.set('kept', 'yes');
    expect(wireStatus({ code: status.OK, details: '', metadata }).metadata.getMap()).toEqual({ kept: 'yes' });
  });
});
