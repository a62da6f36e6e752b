import { Metadata, type Client, type Interceptor } from '@grpc/grpc-js';
import { defineClientInterceptor, errorClientInterceptor } from 'grpc-js-middleware';
import { authClientInterceptor } from 'grpc-js-middleware/auth';
import { deadlineClientInterceptor } from 'grpc-js-middleware/deadlines';
import { loggingClientInterceptor } from 'grpc-js-middleware/logging';
import { metricsClientInterceptor } from 'grpc-js-middleware/metrics';
import { retryClientInterceptor } from 'grpc-js-middleware/retry';
import { tracingClientInterceptor } from 'grpc-js-middleware/tracing';
import { Registry } from 'prom-client';
import { countingLogger } from '../features/logger.js';
import { registerSdk } from '../features/sdk.js';
import { makeToken } from '../features/token.js';
import { mustHaveSeen, type Candidate, type Pair } from './candidate.js';
import { answeredClient, inBatches } from './client-driver.js';

const request = Buffer.alloc(8);
const same = (message: Buffer): Buffer => message;

/** A unary call with callbacks, as grpc-js has it. */
export const call = (client: Client, metadata: Metadata, done: (error?: Error | null) => void): unknown =>
  client.makeUnaryRequest('/bench.v1.Bench/Get', same, same, request, metadata, done);

function pair(interceptors: readonly Interceptor[], verify?: Pair['verify']): Pair {
  const bare = answeredClient([]);
  const ours = answeredClient(interceptors);
  const metadata = new Metadata();
  return {
    without: (count) => inBatches(count, (done) => call(bare, metadata, done)),
    with: (count) => inBatches(count, (done) => call(ours, metadata, done)),
    ...(verify && { verify }),
  };
}

const simple = (
  name: string,
  budget: number | undefined,
  make: () => readonly Interceptor[] | Promise<readonly Interceptor[]>,
): Candidate => ({ name, ...(budget !== undefined && { budget }), make: async () => pair(await make()) });

const metrics = (register = new Registry()): Interceptor => metricsClientInterceptor({ register });
const deadline = (): Interceptor => deadlineClientInterceptor({ defaultMs: 5_000 });
const auth = async (): Promise<Interceptor> => authClientInterceptor({ token: await makeToken() });

const retry = (): Interceptor =>
  retryClientInterceptor({
    maxAttempts: 3,
    initialBackoffMs: 50,
    maxBackoffMs: 1_000,
    backoffMultiplier: 2,
    retryableStatusCodes: ['UNAVAILABLE'],
  });

function logging(): Pair {
  const log = countingLogger();
  return pair([loggingClientInterceptor({ logger: log.logger, level: () => 'info' })], (calls) =>
    mustHaveSeen('log lines', log.lines(), calls),
  );
}

function traced(): Pair {
  const sdk = registerSdk();
  return pair([tracingClientInterceptor()], async (calls) => mustHaveSeen('spans', await sdk.exported(), calls));
}

async function stack(): Promise<Pair> {
  const sdk = registerSdk();
  return pair([tracingClientInterceptor(), metrics(), deadline(), retry(), await auth()], async (calls) =>
    mustHaveSeen('spans', await sdk.exported(), calls),
  );
}

/** What is added to a unary call on the client. */
export const candidates: readonly Candidate[] = [
  simple('one empty interceptor', undefined, () => [defineClientInterceptor('empty', () => () => ({}))]),
  simple('errors', undefined, () => [errorClientInterceptor()]),
  { name: 'logging', make: logging },
  simple('metrics', undefined, () => [metrics()]),
  simple('tracing without SDK', undefined, () => [tracingClientInterceptor()]),
  { name: 'tracing, sampled', make: traced },
  simple('deadlines', undefined, () => [deadline()]),
  simple('auth, a token at hand', undefined, async () => [await auth()]),
  simple('retry, first attempt succeeds', 8, () => [retry()]),
  { name: 'tracing + metrics + deadlines + retry + auth', budget: 60, make: stack },
];
