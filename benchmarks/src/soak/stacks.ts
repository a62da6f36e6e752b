import type { Interceptor, ServerInterceptor, status } from '@grpc/grpc-js';
import {
  defineClientInterceptor,
  defineServerInterceptor,
  errorServerInterceptor,
  type CallContext,
} from 'grpc-js-middleware';
import { deadlineClientInterceptor, deadlineServerInterceptor } from 'grpc-js-middleware/deadlines';
import { loggingClientInterceptor, loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { metricsClientInterceptor, metricsServerInterceptor } from 'grpc-js-middleware/metrics';
import {
  circuitBreakerClientInterceptor,
  concurrencyLimitServerInterceptor,
  loadSheddingServerInterceptor,
  rateLimitServerInterceptor,
} from 'grpc-js-middleware/overload';
import {
  idempotencyClientInterceptor,
  idempotencyServerInterceptor,
  memoryIdempotencyStore,
  retryClientInterceptor,
} from 'grpc-js-middleware/retry';
import type { EchoRequest } from 'grpc-js-middleware/testing';
import { tracingClientInterceptor, tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';
import { Registry } from 'prom-client';
import { countingLogger } from '../features/logger.js';
import { auth } from '../features/token.js';

/** The text of a request that the server's stack refuses. */
export const REFUSED = 'refused';

const SERVICE = 'grpc_js_middleware.testing.v1.EchoService';

/** Sees contexts, to tell later whether they are gone, and the end of every call. */
export interface Watch {
  context(call: CallContext): void;
  end(code: status, origin: string): void;
}

/** All that a server may list, in the recommended order. */
export function serverStack(watch: Watch): ServerInterceptor[] {
  return [
    defineServerInterceptor('watch', () => (call) => {
      watch.context(call);
      return { onEnd: ({ code, origin }) => watch.end(code, origin) };
    }),
    tracingServerInterceptor(),
    metricsServerInterceptor({ register: new Registry() }),
    loggingServerInterceptor({ logger: countingLogger() }),
    errorServerInterceptor(),
    deadlineServerInterceptor({ defaultMs: 10_000, maxMs: 60_000 }),
    concurrencyLimitServerInterceptor({ max: 10_000 }),
    loadSheddingServerInterceptor({ targetDelayMs: 10_000 }),
    auth(),
    rateLimitServerInterceptor({ ratePerSecond: 1e6, burst: 1e6 }),
    validationServerInterceptor({
      rules: {
        [`${SERVICE}/*`]: (message) =>
          (message as EchoRequest).text === REFUSED ? [{ field: 'text', description: 'must be another' }] : [],
      },
    }),
    // Full within the first minute, so that what it keeps is not taken for a leak.
    idempotencyServerInterceptor({ methods: `${SERVICE}/Echo`, store: memoryIdempotencyStore({ maxEntries: 500 }) }),
  ];
}

/** All that a client may list, likewise. */
export function clientStack(watch: Watch): Interceptor[] {
  return [
    defineClientInterceptor('watch', () => (call) => watch.context(call)),
    tracingClientInterceptor(),
    metricsClientInterceptor({ register: new Registry() }),
    deadlineClientInterceptor({ defaultMs: 20_000 }),
    // Half of the calls fail on purpose: an open breaker would keep them from being made.
    circuitBreakerClientInterceptor({ failureRate: 1, minimumCalls: 1_000_000 }),
    idempotencyClientInterceptor({ methods: `${SERVICE}/Echo` }),
    retryClientInterceptor({ maxAttempts: 2, retryableStatusCodes: ['UNAVAILABLE'], initialBackoffMs: 1 }),
    loggingClientInterceptor({ logger: countingLogger() }),
  ];
}
