import { jwtVerify, type JWTPayload } from 'jose';
import { Counter, Histogram, Registry } from 'prom-client';
import { AUDIENCE, ISSUER, SECRET } from '../features/token.js';

const key = new TextEncoder().encode(SECRET);

/** Verifies a token, as everybody does it: for each call. */
export async function verify(authorization: string | undefined): Promise<JWTPayload> {
  if (!authorization?.startsWith('Bearer ')) throw new Error('no token');
  const { payload } = await jwtVerify(authorization.slice(7), key, {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['HS256'],
  });
  if (!(payload['roles'] as string[]).includes('customer')) throw new Error('not allowed');
  return payload;
}

/** The five metrics of go-grpc-prometheus on the server, with prom-client's labels. */
export function serverMetrics() {
  const registers = [new Registry()];
  const labelNames = ['grpc_type', 'grpc_service', 'grpc_method'] as const;
  const counter = (name: string): Counter<(typeof labelNames)[number]> =>
    new Counter({ name, help: name, labelNames, registers });
  return {
    started: counter('grpc_server_started_total'),
    received: counter('grpc_server_msg_received_total'),
    sent: counter('grpc_server_msg_sent_total'),
    handled: new Counter({
      name: 'grpc_server_handled_total',
      help: 'handled',
      labelNames: [...labelNames, 'grpc_code'] as const,
      registers,
    }),
    seconds: new Histogram({ name: 'grpc_server_handling_seconds', help: 'seconds', labelNames, registers }),
  };
}
