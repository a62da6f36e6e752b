// Every path but `/tracing`, in a project that has none of the optional packages.
import assert from 'node:assert/strict';
import { credentials, status } from '@grpc/grpc-js';
import * as root from 'grpc-js-middleware';
import { deadlineClientInterceptor } from 'grpc-js-middleware/deadlines';
import { BusinessError, defineErrors } from 'grpc-js-middleware/errors';
import { HealthService, checkHealth } from 'grpc-js-middleware/health';
import { shutdownGracefully, trackCalls } from 'grpc-js-middleware/lifecycle';
import { addLogFields, loggingClientInterceptor } from 'grpc-js-middleware/logging';
import { metricsHandler } from 'grpc-js-middleware/metrics';
import { rateLimitServerInterceptor } from 'grpc-js-middleware/overload';
import { implement } from 'grpc-js-middleware/promises';
import { registerStaticResolver, roundRobin } from 'grpc-js-middleware/resolver';
import { withRetry } from 'grpc-js-middleware/retry';
import { EchoRequest, EchoServiceService, startTestServer } from 'grpc-js-middleware/testing';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';

const errors = defineErrors('shop', {
  PRODUCT_NOT_FOUND: { code: status.NOT_FOUND, message: ({ id }: { id: number }) => `Product ${id} not found` },
});

export async function main(): Promise<void> {
  const calls = trackCalls();
  const health = new HealthService();
  const { server, address, connect, close } = await startTestServer({
    interceptors: [
      calls,
      root.errorServerInterceptor(),
      rateLimitServerInterceptor({ ratePerSecond: 100, burst: 100 }),
      validationServerInterceptor({ rules: {} }),
    ],
    implementation: implement(EchoServiceService, {
      echo({ text }) {
        addLogFields({ text });
        throw errors.PRODUCT_NOT_FOUND({ id: 7 });
      },
      async *serverEcho() {},
      clientEcho: () => Promise.reject(new Error('never called')),
      async *bidiEcho() {},
    }),
    addServices: (each) => health.addTo(each),
  });
  assert.equal(await checkHealth(address, { credentials: credentials.createInsecure() }), 'SERVING');

  registerStaticResolver('shop', { echo: [address] });
  const log = (): void => undefined;
  const logger = { trace: log, debug: log, info: log, warn: log, error: log };
  const client = connect({
    ...roundRobin(),
    interceptors: [deadlineClientInterceptor({ defaultMs: 5000 }), loggingClientInterceptor({ logger })],
  });
  const error: unknown = await client
    .echo(EchoRequest.create({ text: 'a' }), withRetry(false))
    .catch((e: unknown) => e);
  assert.ok(error instanceof BusinessError);
  assert.equal(errors.match(error, { PRODUCT_NOT_FOUND: ({ id }) => id, default: () => 0 }), 7);
  assert.equal(typeof metricsHandler, 'function');

  await shutdownGracefully(server, { calls, health, drainDelayMs: 0, timeoutMs: 100 });
  await close();
}
