import type { PeerCertificate } from 'node:tls';
import { streamOf, type GrpcServerCall } from './grpc-server-internals.js';

/** Certificates by connection: reading one takes 100 to 300 µs. */
const read = new WeakMap<object, PeerCertificate | null>();

/** The certificate that TLS verified for the connection of this call, if any. */
export function peerCertificateOf(call: GrpcServerCall): PeerCertificate | undefined {
  const connection = streamOf(call)?.session;
  if (connection === undefined) return verifiedCertificate(call);
  let certificate = read.get(connection);
  if (certificate === undefined) read.set(connection, (certificate = verifiedCertificate(call) ?? null));
  return certificate ?? undefined;
}

/** grpc-js from 1.14.5 on shows a certificate only when the socket says `authorized`. */
function verifiedCertificate(call: GrpcServerCall): PeerCertificate | undefined {
  return call.getAuthContext().sslPeerCertificate;
}
