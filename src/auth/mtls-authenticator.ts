import type { PeerCertificate } from 'node:tls';
import type { Identity } from '../core/shared/identity.js';
import { optionsOf } from '../core/base/options.js';
import type { Authenticate } from './authenticate.js';
import { CredentialsError } from './failures.js';
import { isPlain, subjectAltNames } from './subject-alt-names.js';

/** Options of {@link mtlsAuthenticator}. */
export interface MtlsAuthenticatorOptions {
  /**
   * Reads the identity from a verified certificate; `undefined` says that it is none of ours, and a throw refuses the
   * call. Asked once per certificate object, that is once per connection.
   * @default certificateIdentity
   * @example
   * identify: (certificate) => {
   *   const identity = certificateIdentity(certificate);
   *   return identity && { ...identity, roles: ['service'] };
   * }
   */
  readonly identify?: (certificate: PeerCertificate) => Identity | undefined;
}

interface Seen {
  readonly identity: Identity | undefined;
  /** The certificate's `notAfter`, in epoch milliseconds. */
  readonly expiresAt: number;
}

/**
 * Identifies callers by the client certificate of their connection, if TLS verified it: against `tlsServerCredentials({
 * clientCaFile })`. A connection without one has no credentials of this kind; one that has outlived its certificate is
 * refused. Whom it stands for is read as gRFC A43 does: see {@link certificateIdentity}.
 *
 * @throws TypeError for wrong options.
 */
export function mtlsAuthenticator(options: MtlsAuthenticatorOptions = {}): Authenticate {
  const check = optionsOf('mtlsAuthenticator', options, ['identify']);
  const identify = check.optionalFunction('identify') ?? certificateIdentity;
  const seen = new WeakMap<PeerCertificate, Seen>();
  return ({ peerCertificate: certificate }) => {
    if (certificate === undefined) return undefined;
    let known = seen.get(certificate);
    if (known === undefined) {
      known = { identity: identify(certificate), expiresAt: Date.parse(certificate.valid_to) };
      seen.set(certificate, known);
    }
    // TLS looked at this when the connection was made, which may be long ago.
    if (!(Date.now() < known.expiresAt)) throw new CredentialsError('the client certificate has expired');
    return known.identity;
  };
}

/**
 * Whom a certificate stands for, in the order of gRFC A43: its SPIFFE ID, else its first DNS name, else its common name.
 * `undefined` when it has none of these.
 *
 * @throws Error for more than one URI, of which one is a SPIFFE ID: such a certificate must not be accepted
 * (SPIFFE X509-SVID, section 2); for a malformed alternative name, such as one with a quote or a comma; and for a SPIFFE ID
 * in the common name.
 */
export function certificateIdentity(certificate: PeerCertificate): Identity | undefined {
  const { uris, dnsNames, malformed } = subjectAltNames(certificate.subjectaltname);
  if (malformed) throw new CredentialsError('a certificate with a malformed alternative name');
  const commonName = commonNameOf(certificate);
  const subject = spiffeId(uris) ?? dnsNames[0] ?? commonName;
  if (subject === undefined) return undefined;
  const { fingerprint256, serialNumber } = certificate;
  const claims = Object.freeze({ uris, dnsNames, commonName, fingerprint256, serialNumber });
  return Object.freeze({ subject, scheme: 'mtls', roles: Object.freeze([]), scopes: Object.freeze([]), claims });
}

function spiffeId(uris: readonly string[]): string | undefined {
  const id = uris.find((uri) => /^spiffe:/i.test(uri));
  if (id === undefined) return undefined;
  if (uris.length > 1) throw new CredentialsError('a SPIFFE certificate with more than one URI');
  if (!id.startsWith('spiffe://')) throw new CredentialsError('a malformed SPIFFE ID');
  return id;
}

/** A subject with several common names stands for none of them; nor does one that would mar a log line. */
function commonNameOf({ subject }: PeerCertificate): string | undefined {
  const name: unknown = subject?.CN;
  if (typeof name !== 'string' || !isPlain(name.replaceAll(' ', '_'))) return undefined;
  // A SPIFFE ID is a URI among the alternative names and nothing else.
  if (/^\s*spiffe:/i.test(name)) throw new CredentialsError('a certificate with a SPIFFE ID for a common name');
  return name;
}
