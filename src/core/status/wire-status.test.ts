import { Metadata, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wireStatus, wireText } from './wire-status.js';
import { runs } from '../../../test/support/runs.js';

describe('wireStatus', () => {
  test.each([-1, 17, 404, 11_000, 1.5, '5', undefined, null])('code %s is none of gRPC: UNKNOWN', (code) => {
    expect(wireStatus({ code, details: 'x' }).code).toBe(status.UNKNOWN);
  });

  test('whatever the text, it can be sent and takes at most 2 KiB', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20_000 }), fc.nat(3), (text, lone) => {
        const sent = wireText(text + '\ud800'.repeat(lone));
        expect(encodeURI(sent).length).toBeLessThanOrEqual(2048 + 9);
      }),
      { numRuns: runs(300) },
    );
  });

  test('short text travels as it is', () => {
    expect(wireText('Produkt nicht gefunden: ☃\n')).toBe('Produkt nicht gefunden: ☃\n');
    expect(wireText('a\ud800b')).toBe('a\ufffdb');
    expect(wireText(undefined)).toBe('');
    expect(wireText(new Error('secret'))).toBe('');
  });

  test('long text is cut and says so', () => {
    const sent = wireText('x'.repeat(100_000));
    expect(sent).toMatch(/^x{1500,2048}…$/);
  });

  test('trailers that would hang the connection lose their largest entries; the given object stays', () => {
    const metadata = new Metadata();
    metadata.set('small', 'stays');
    metadata.set('huge-bin', Buffer.alloc(60_000));
    const sent = wireStatus({ code: status.INTERNAL, details: '', metadata });
    expect(sent.metadata.getMap()).toEqual({ small: 'stays' });
    expect(metadata.get('huge-bin')).toHaveLength(1);
  });

  test('headers on which HTTP/2 throws are left out', () => {
    const metadata = new Metadata();
    metadata.set('connection', 'close');
    metadata.set('kept', 'yes');
    expect(wireStatus({ code: status.OK, details: '', metadata }).metadata.getMap()).toEqual({ kept: 'yes' });
  });
});
