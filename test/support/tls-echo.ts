import { status, type ChannelCredentials, type ServerCredentials } from '@grpc/grpc-js';
import { StatusError } from 'grpc-js-middleware';
import {
  allow,
  authServerInterceptor,
  currentIdentity,
  definePolicy,
  mtlsAuthenticator,
  tlsServerCredentials,
  type TlsServerOptions,
} from 'grpc-js-middleware/auth';
import { EchoRequest, startTestServer, type TestServer } from 'grpc-js-middleware/testing';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import {
  makeAuthority,
  makeDirectory,
  type TestAuthority,
  type TestCertificate,
  type TestCertificateOptions,
} from '../../src/auth/fixtures/certificates.js';

// An Echo service that answers with its client's identity, over TLS from files: one at a time, closed after each test.

export let authority: TestAuthority;
export let directory: ReturnType<typeof makeDirectory>;
export let caFile: string;
export let running: TestServer | undefined;

beforeAll(async () => {
  authority = await makeAuthority();
});
beforeEach(() => {
  directory = makeDirectory();
  caFile = directory.write('ca.crt', authority.cert);
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  directory.remove();
});

export const store = (name: string, { cert, key }: TestCertificate) => ({
  certFile: directory.write(`${name}.crt`, cert),
  keyFile: directory.write(`${name}.key`, key),
});
export const issued = async (name: string, options?: TestCertificateOptions) =>
  store(name, await authority.issue(options));
export const server = async (given: Partial<TlsServerOptions> = {}): Promise<ServerCredentials> =>
  tlsServerCredentials({ ...(await issued('server')), ...given });

export async function start(
  serverCredentials: ServerCredentials,
  channelCredentials: ChannelCredentials,
): Promise<TestServer> {
  await running?.close();
  const auth = authServerInterceptor({
    authenticate: mtlsAuthenticator(),
    policy: definePolicy({ [`${ECHO}/Echo`]: allow.anyone, [`${ECHO}/*`]: allow.authenticated }),
  });
  running = await startTestServer({
    interceptors: [auth],
    serverCredentials,
    channelCredentials,
    handlers: {
      echo: async () => ({ text: currentIdentity()?.subject ?? 'nobody', count: 1, payload: Buffer.alloc(0) }),
    },
    // Connections are not shared with other channels, so that each client makes its own.
    clientOptions: OWN_CONNECTION,
  });
  return running;
}

const ECHO = 'grpc_js_middleware.testing.v1.EchoService';
export const OWN_CONNECTION = { 'grpc.use_local_subchannel_pool': 1 };

/** Whom the server takes this client for, or why it does not answer. */
export async function whoAmI(client = running!.client): Promise<string> {
  try {
    return (await client.echo(EchoRequest.create({}))).text;
  } catch (error) {
    const { code, details } = StatusError.from(error);
    return `${status[code]} ${details}`;
  }
}

/** The same over a connection of its own, so with what is in the files by now. */
export const whoAmINow = (): Promise<string> => whoAmI(running!.connect(OWN_CONNECTION));
