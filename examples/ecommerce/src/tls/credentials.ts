import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import {
  certificateIdentity,
  mtlsAuthenticator,
  tlsChannelCredentials,
  tlsServerCredentials,
  type Authenticate,
} from 'grpc-js-middleware/auth';
import { SERVICE_ID, tlsFiles } from './files.js';

/** How the shop's servers and clients prove who they are to each other. */
export interface Security {
  readonly server: ServerCredentials;
  /** Of a service that calls another. */
  readonly service: ChannelCredentials;
  /** Of anybody else. */
  readonly customer: ChannelCredentials;
}

export function security({ tls }: { readonly tls: boolean }): Security {
  return tls ? certificates() : plaintext();
}

function plaintext(): Security {
  const insecure = ChannelCredentials.createInsecure();
  return { server: ServerCredentials.createInsecure(), service: insecure, customer: insecure };
}

/** Customers need no certificate of their own: they bring a token. */
function certificates({ ca, serverCert, serverKey, serviceCert, serviceKey } = tlsFiles()): Security {
  return {
    server: tlsServerCredentials({
      certFile: serverCert,
      keyFile: serverKey,
      clientCaFile: ca,
      requireClientCertificate: false,
    }),
    service: tlsChannelCredentials({ caFile: ca, certFile: serviceCert, keyFile: serviceKey }),
    customer: tlsChannelCredentials({ caFile: ca }),
  };
}

/** Knows the services of the shop by their certificates. */
export function serviceAuthenticator(): Authenticate {
  return mtlsAuthenticator({
    identify(certificate) {
      const identity = certificateIdentity(certificate);
      return identity?.subject.startsWith(SERVICE_ID) ? { ...identity, roles: ['service'] } : undefined;
    },
  });
}
