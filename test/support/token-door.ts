import { Metadata, status } from '@grpc/grpc-js';
import { StatusError, defineServerInterceptor } from 'grpc-js-middleware';
import { authClientInterceptor, type AuthClientOptions, type GetToken } from 'grpc-js-middleware/auth';
import { EchoRequest, startTestServer, type TestServer } from 'grpc-js-middleware/testing';
import { afterEach, beforeEach, vi } from 'vitest';

// An Echo service that notes each call's authorization, and a client with a token: one at a time, closed after each test.

/** Authorization values in the order in which they came; what is in `revoked` is refused. */
export const seen: (string | undefined)[] = [];
export const revoked = new Set<string>();
export const door = defineServerInterceptor('door', () => (call) => ({
  admit() {
    const value = call.metadata.get('authorization')[0]?.toString();
    seen.push(value);
    if (value !== undefined && revoked.has(value)) throw new StatusError(status.UNAUTHENTICATED, 'revoked');
  },
}));

export let running: TestServer | undefined;
beforeEach(() => {
  seen.length = 0;
  revoked.clear();
});
afterEach(async () => {
  await running?.close();
  running = undefined;
});

export async function start(options: AuthClientOptions): Promise<TestServer> {
  return (running = await startTestServer({
    interceptors: [door],
    clientInterceptors: [authClientInterceptor(options)],
  }));
}
export const request = EchoRequest.create({ text: 'x' });
export const call = (metadata = new Metadata()) => running!.client.echo(request, { metadata });
/** Tokens `t1`, `t2`, … */
export const counting = () => {
  let count = 0;
  return vi.fn<GetToken>(async () => `t${++count}`);
};
