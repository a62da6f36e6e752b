import type { PeerCertificate } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ServerCallContext } from '../core/context.js';
import { certificateIdentity, mtlsAuthenticator } from './mtls-authenticator.js';
import { subjectAltNames } from './subject-alt-names.js';

const certificate = (given: object = {}): PeerCertificate =>
  ({ subject: {}, valid_to: 'Jan  1 00:00:00 2999 GMT', ...given }) as PeerCertificate;
const call = (peerCertificate: PeerCertificate | undefined): ServerCallContext =>
  ({ peerCertificate }) as ServerCallContext;

afterEach(() => {
  vi.useRealTimers();
});

describe('the identity of a certificate', () => {
  const subject = (subjectaltname?: string, CN?: unknown): string | undefined =>
    certificateIdentity(certificate({ subjectaltname, subject: { CN } }))?.subject;

  test('is its SPIFFE ID, else its first DNS name, else its common name', () => {
    expect(subject('DNS:a.example, URI:spiffe://shop.example/orders', 'orders')).toBe('spiffe://shop.example/orders');
    expect(subject('URI:https://a.example/, DNS:a.example, DNS:b.example', 'orders')).toBe('a.example');
    expect(subject('IP Address:127.0.0.1, email:x@y.example', 'orders')).toBe('orders');
    expect(subject(undefined, 'Order Service')).toBe('Order Service');
    expect(subject()).toBeUndefined();
  });

  test('has all names in its claims', () => {
    const identity = certificateIdentity(
      certificate({ subjectaltname: 'DNS:a.example, DNS:b.example', subject: { CN: 'c' }, fingerprint256: 'AB' }),
    );
    expect(identity).toMatchObject({
      scheme: 'mtls',
      roles: [],
      scopes: [],
      claims: { dnsNames: ['a.example', 'b.example'], uris: [], commonName: 'c', fingerprint256: 'AB' },
    });
  });

  test('is refused with two URIs of which one is a SPIFFE ID', () => {
    expect(() => subject('URI:spiffe://a/b, URI:spiffe://a/c')).toThrow(/more than one URI/);
  });

  test.each([
    'URI:spiffe://a/b, URI:"spiffe://a/c,d"',
    'URI:spiffe://a/b, URI:"https://x/\\"y"',
    'URI:"spiffe://a/b,c"',
    'DNS:spiffe://a/b',
    'DNS:"a, DNS:b"',
    'DNS:a, nonsense',
    'URI:SPIFFE://a/b',
    'URI:spiffe:a/b',
    'URI:https://a/, URI:Spiffe://a/b',
  ])('is refused with the names %j, and not read from the common name instead', (names) => {
    expect(() => subject(names, 'orders')).toThrow(/SPIFFE|malformed/);
  });

  test.each(['spiffe://a/b', 'SPIFFE://a/b', ' spiffe://a/b'])('is refused with the common name %j', (name) => {
    expect(() => subject(undefined, name)).toThrow(/SPIFFE/);
    expect(() => subject('URI:spiffe://a/c', name)).toThrow(/SPIFFE/);
  });

  test('is not read from several common names, or from one that mars a log', () => {
    expect(subject(undefined, ['a', 'b'])).toBeUndefined();
    expect(subject(undefined, 'a\nlevel=info msg=forged')).toBeUndefined();
    expect(subject(undefined, '')).toBeUndefined();
  });
});

describe('subject alternative names', () => {
  test.each([
    ['DNS:a, DNS:b', ['a', 'b']],
    ['DNS:"a, DNS:b", DNS:c', ['c']],
    ['URI:"x\\", DNS:b"', []],
    ['DNS:"unfinished, DNS:b', []],
    ['DNS:a,DNS:b', []],
    ['DNS:a, nonsense', []],
    ['nonsense', []],
    ['', []],
    [undefined, []],
  ])('%j has the DNS names %j', (text, dnsNames) => {
    expect(subjectAltNames(text).dnsNames).toEqual(dnsNames);
  });
});

describe('mtlsAuthenticator', () => {
  test('sees nothing without a verified certificate', () => {
    expect(mtlsAuthenticator()(call(undefined))).toBeUndefined();
  });

  test('asks identify once per certificate object, whatever it says', () => {
    const identify = vi.fn((each: PeerCertificate) =>
      each.subject.CN === 'x' ? certificateIdentity(each) : undefined,
    );
    const authenticate = mtlsAuthenticator({ identify });
    const [known, unknown] = [certificate({ subject: { CN: 'x' } }), certificate()];
    for (let i = 0; i < 3; i++) {
      expect(authenticate(call(known))).toMatchObject({ subject: 'x' });
      expect(authenticate(call(unknown))).toBeUndefined();
    }
    expect(identify).toHaveBeenCalledTimes(2);
  });

  test('refuses a certificate that expires while its connection stands', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01') });
    const authenticate = mtlsAuthenticator();
    const peer = certificate({ subject: { CN: 'x' }, valid_to: 'Jan  1 00:00:10 2026 GMT' });
    expect(authenticate(call(peer))).toMatchObject({ subject: 'x' });
    vi.advanceTimersByTime(10_000);
    expect(() => authenticate(call(peer))).toThrow(/expired/);
  });

  test('refuses a certificate whose end cannot be read', () => {
    expect(() => mtlsAuthenticator()(call(certificate({ subject: { CN: 'x' }, valid_to: '' })))).toThrow(/expired/);
  });

  test('refuses wrong options', () => {
    expect(() => mtlsAuthenticator({ identify: 'cn' as never })).toThrow(/identify must be a function/);
  });
});
