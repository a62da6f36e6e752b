import { status } from '@grpc/grpc-js';
import { StatusError, defineServerInterceptor } from 'grpc-js-middleware';
import { authClientInterceptor } from 'grpc-js-middleware/auth';
import { retryClientInterceptor } from 'grpc-js-middleware/retry';
import { EchoRequest, startTestServer } from 'grpc-js-middleware/testing';
import { expect, test } from 'vitest';

test('a token that was revoked is forgotten, and the next attempt of the same call fetches a new one', async () => {
  const seen: unknown[] = [];
  const door = defineServerInterceptor('door', () => (call) => ({
    admit() {
      const [authorization] = call.metadata.get('authorization');
      seen.push(authorization);
      if (authorization === 'Bearer t1') throw new StatusError(status.UNAUTHENTICATED, 'revoked');
    },
  }));
  let count = 0;
  const { client, close } = await startTestServer({
    interceptors: [door],
    clientInterceptors: [
      retryClientInterceptor({
        maxAttempts: 3,
        initialBackoffMs: 1,
        maxBackoffMs: 1,
        backoffMultiplier: 1,
        retryableStatusCodes: [status.UNAUTHENTICATED],
      }),
      authClientInterceptor({ token: () => `t${++count}` }),
    ],
  });
  expect(await client.echo(EchoRequest.create({ text: 'hello' }))).toMatchObject({ text: 'hello' });
  expect(seen).toEqual(['Bearer t1', 'Bearer t2']);
  await close();
});
