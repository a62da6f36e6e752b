import { Metadata, type Client, type Interceptor } from '@grpc/grpc-js';
import { defineClientInterceptor, errorClientInterceptor } from 'grpc-js-middleware';
import { authClientInterceptor } from 'grpc-js-middleware/auth';
import { deadlineClientInterceptor } from 'grpc-js-middleware/deadlines';
import { loggingClientInterceptor } from 'grpc-js-middleware/logging';
import { metricsClientInterceptor } from 'grpc-js-middleware/metrics';
import { circuitBreakerClientInterceptor } from 'grpc-js-middleware/overload';
import { retryClientInterceptor } from 'grpc-js-middleware/retry';
import { tracingClientInterceptor } from 'grpc-js-middleware/tracing';
import { Registry } from 'prom-client';
import { countingLogger } from '../features/logger.js';
import { registerSdk } from '../features/sdk.js';
import { makeToken } from '../features/token.js';
import type { Candidate, Pair } from './candidate.js';
import { answeredClient, inBatches } from './client-driver.js';

const request = Buffer.alloc(8);
const same = (message: Buffer): Buffer => message;

/** A unary call with callbacks, as grpc-js has it. */
export const call = (client: Client, metadata: Metadata, done: (error?: Error | null) => void): unknown =>
  client.makeUnaryRequest('/bench.v1.Bench/Get', same, same, request, metadata, done);

function pair(interceptors: readonly Interceptor[], without: readonly Interceptor[] = []): Pair {
  const bare = answeredClient(without);
  const ours = answeredClient(interceptors);
  const metadata = new Metadata();
  return {
    without: (count) => inBatches(count, (done) => call(bare, metadata, done)),
    with: (count) => inBatches(count, (done) => call(ours, metadata, done)),
  };
}

const simple = (
  name: string,
  budget: number | undefined,
  make: () => readonly Interceptor[] | Promise<readonly Interceptor[]>,
): Candidate => ({ name, ...(budget !== undefined && { budget }), make: async () => pair(await make()) });

const empty = defineClientInterceptor('empty', () => () => ({}));
const metrics = (register = new Registry()): Interceptor => metricsClientInterceptor({ register });
const deadline = (): Interceptor => deadlineClientInterceptor({ defaultMs: 5_000 });
const auth = async (): Promise<Interceptor> => authClientInterceptor({ token: await makeToken() });

const breaker = (): Interceptor => circuitBreakerClientInterceptor();

const retry = (): Interceptor =>
  retryClientInterceptor({
    maxAttempts: 3,
    initialBackoffMs: 50,
    maxBackoffMs: 1_000,
    backoffMultiplier: 2,
    retryableStatusCodes: ['UNAVAILABLE'],
  });

const logging = (): Interceptor => loggingClientInterceptor({ logger: countingLogger(), level: () => 'info' });

function tracing(): Interceptor {
  registerSdk();
  return tracingClientInterceptor();
}

const stack = async (): Promise<Interceptor[]> => [tracing(), metrics(), deadline(), breaker(), retry(), await auth()];

/** What is added to a unary call on the client. */
export const candidates: readonly Candidate[] = [
  simple('one empty interceptor', undefined, () => [empty]),
  simple('errors', undefined, () => [errorClientInterceptor()]),
  simple('logging', undefined, () => [logging()]),
  simple('metrics', undefined, () => [metrics()]),
  simple('tracing without SDK', undefined, () => [tracingClientInterceptor()]),
  simple('tracing, sampled', undefined, () => [tracing()]),
  simple('deadlines', undefined, () => [deadline()]),
  simple('auth, a token at hand', undefined, async () => [await auth()]),
  { name: 'circuit breaker, closed, more', budget: 1, make: () => pair([empty, breaker()], [empty]) },
  simple('retry, first attempt succeeds', 8, () => [retry()]),
  simple('tracing + metrics + deadlines + breaker + retry + auth', 60, stack),
];
