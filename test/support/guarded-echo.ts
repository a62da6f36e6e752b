import { Metadata, status } from '@grpc/grpc-js';
import { StatusError, currentCall } from 'grpc-js-middleware';
import {
  authServerInterceptor,
  currentIdentity,
  definePolicy,
  identityOf,
  jwtAuthenticator,
  type AuthDecision,
  type AuthServerOptions,
  type Identity,
  type PolicyRules,
} from 'grpc-js-middleware/auth';
import { EchoRequest, collect, startTestServer, type TestServer } from 'grpc-js-middleware/testing';
import { afterEach, beforeEach } from 'vitest';
import { AUDIENCE, ISSUER, SECRET, bearerMetadata, claims, macced } from '../../src/auth/fixtures/tokens.js';

// An Echo service behind authServerInterceptor, and what its callers are told: one at a time, closed after each test.

export const ECHO = 'grpc_js_middleware.testing.v1.EchoService';
export const EVERY = `${ECHO}/*`;

export const jwt = jwtAuthenticator({
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ['HS256'],
  keys: { secret: SECRET },
});
/** Metadata with a good token, but for what is given. */
export const token = (given: object = {}): Metadata => bearerMetadata(macced(SECRET, claims(given)));

/** What the handlers saw. */
export let reached: (Identity | undefined)[];
export let running: TestServer | undefined;
export const decisions: AuthDecision[] = [];

beforeEach(() => {
  reached = [];
  decisions.length = 0;
});
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** Starts the service, in place of the one before. */
export async function start(rules: PolicyRules, options: Partial<AuthServerOptions> = {}): Promise<TestServer> {
  await running?.close();
  const auth = authServerInterceptor({
    authenticate: jwt,
    policy: definePolicy(rules),
    onDecision: (decision) => void decisions.push(decision),
    ...options,
  });
  const answer = { text: '', count: 0, payload: Buffer.alloc(0) };
  running = await startTestServer({
    interceptors: [auth],
    handlers: {
      async echo() {
        reached.push(currentIdentity());
        return answer;
      },
      async *serverEcho(_, call) {
        reached.push(identityOf(call));
        yield answer;
      },
      async clientEcho(requests) {
        reached.push(identityOf(currentCall()));
        for await (const request of requests) answer.text = request.text;
        return answer;
      },
      async *bidiEcho(requests, call) {
        reached.push(identityOf(call));
        for await (const { text } of requests) yield { ...answer, text };
      },
    },
  });
  return running;
}

export type Outcome = { code: status; details: string; challenge: string[] };
export const OK = { code: status.OK, details: 'OK', challenge: [] };

/** How a call of this kind ends, for its client. */
export async function call(kind: keyof typeof calls, metadata = new Metadata(), ...texts: string[]): Promise<Outcome> {
  const requests = (texts.length > 0 ? texts : ['x']).map((text) => EchoRequest.create({ text }));
  try {
    await calls[kind](requests, metadata);
    return OK;
  } catch (error) {
    const { code, details, metadata: trailers } = StatusError.from(error);
    return { code, details, challenge: trailers.get('www-authenticate') as string[] };
  }
}

const calls = {
  unary: (requests: EchoRequest[], metadata: Metadata) => running!.client.echo(requests[0]!, { metadata }),
  serverStream: (requests: EchoRequest[], metadata: Metadata) =>
    collect(running!.client.serverEcho(requests[0]!, { metadata })),
  clientStream: (requests: EchoRequest[], metadata: Metadata) => running!.client.clientEcho(requests, { metadata }),
  bidi: (requests: EchoRequest[], metadata: Metadata) => collect(running!.client.bidiEcho(requests, { metadata })),
};
export const kinds = Object.keys(calls) as (keyof typeof calls)[];

export const missing = {
  code: status.UNAUTHENTICATED,
  details: 'Missing credentials',
  challenge: ['Bearer realm="grpc"'],
};
export const invalid = {
  code: status.UNAUTHENTICATED,
  details: 'Invalid credentials',
  challenge: ['Bearer realm="grpc", error="invalid_token"'],
};
export const denied = { code: status.PERMISSION_DENIED, details: 'Permission denied', challenge: [] };
