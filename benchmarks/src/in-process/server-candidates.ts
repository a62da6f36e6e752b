import { Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { composeServerInterceptors, defineServerInterceptor, errorServerInterceptor } from 'grpc-js-middleware';
import { deadlineServerInterceptor } from 'grpc-js-middleware/deadlines';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { metricsServerInterceptor } from 'grpc-js-middleware/metrics';
import {
  concurrencyLimitServerInterceptor,
  loadSheddingServerInterceptor,
  rateLimitServerInterceptor,
} from 'grpc-js-middleware/overload';
import { idempotencyServerInterceptor } from 'grpc-js-middleware/retry';
import { tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';
import { Registry } from 'prom-client';
import { countingLogger } from '../features/logger.js';
import { registerSdk } from '../features/sdk.js';
import { auth, callMetadata } from '../features/token.js';
import type { Candidate, Pair } from './candidate.js';
import { drive } from './driver.js';
import { unary } from './scripts.js';

const empty = defineServerInterceptor('empty', () => () => ({}));
const noop = (index: number): ServerInterceptor =>
  defineServerInterceptor(`noop-${index}`, () => () => ({
    admit() {},
    onRequest() {},
    onHeaders() {},
    onResponse() {},
    onError() {},
    onStatus() {},
    onEnd() {},
  }));
const ten = (): ServerInterceptor[] => Array.from({ length: 10 }, (_, index) => noop(index));
const native: ServerInterceptor = (_descriptor, call) => new ServerInterceptingCall(call);

/** A unary call with these interceptors beside one without, or with others. */
async function pair(
  interceptors: readonly ServerInterceptor[],
  without: readonly ServerInterceptor[] = [],
): Promise<Pair> {
  const script = unary(await callMetadata());
  return {
    without: (count) => drive(without, script, count),
    with: (count) => drive(interceptors, script, count),
  };
}

const simple = (name: string, budget: number | undefined, make: () => readonly ServerInterceptor[]): Candidate => ({
  name,
  ...(budget !== undefined && { budget }),
  make: () => pair(make()),
});

/** What is added to a pass that is there already. */
const more = (name: string, budget: number | undefined, make: () => ServerInterceptor): Candidate => ({
  name: `${name} more`,
  ...(budget !== undefined && { budget }),
  make: () => pair([empty, make()], [empty]),
});

const metrics = (): ServerInterceptor => metricsServerInterceptor({ register: new Registry() });

function observed(name: string, budget: number | undefined, options: Observed): Candidate {
  return {
    name,
    ...(budget !== undefined && { budget }),
    ...(options.sumOf && { sumOf: options.sumOf }),
    make: () => observers(options),
  };
}

interface Observed {
  readonly tracing?: boolean;
  readonly metrics?: boolean;
  readonly logging?: boolean;
  /** Errors and authentication, with a token that is remembered. */
  readonly guards?: boolean;
  readonly sumOf?: readonly string[];
}

/** The recommended order, as far as it is asked for. */
function observers(options: Observed): Promise<Pair> {
  if (options.tracing) registerSdk();
  return pair([
    ...(options.tracing ? [tracingServerInterceptor()] : []),
    ...(options.metrics ? [metrics()] : []),
    ...(options.logging ? [loggingServerInterceptor({ logger: countingLogger() })] : []),
    ...(options.guards ? [errorServerInterceptor(), auth()] : []),
  ]);
}

function idempotent(): Pair {
  const interceptor = idempotencyServerInterceptor({ methods: '*', caller: () => 'someone' });
  let key = 0;
  const script = {
    ...unary(new Metadata()),
    get metadata() {
      const fresh = new Metadata();
      fresh.set('idempotency-key', `key-${key++}`);
      return fresh;
    },
  };
  return { without: (count) => drive([], script, count), with: (count) => drive([interceptor], script, count) };
}

/** What is added to a unary call on the server. */
export const candidates: readonly Candidate[] = [
  simple('one empty interceptor', 2, () => [empty]),
  simple('ten no-op interceptors, every hook', 6, ten),
  simple('the same ten, composed', 6, () => [composeServerInterceptors(...ten())]),
  simple("one of grpc-js's own, nested", undefined, () => [native]),
  simple("ten of grpc-js's own, nested", undefined, () => Array.from({ length: 10 }, () => native)),
  simple('errors', undefined, () => [errorServerInterceptor()]),
  observed('logging', 8, { logging: true }),
  simple('metrics', 4, () => [metrics()]),
  simple('metrics, compact', undefined, () => [
    metricsServerInterceptor({ register: new Registry(), style: 'compact' }),
  ]),
  more('tracing without SDK,', 1, () => tracingServerInterceptor()),
  observed('tracing, sampled', 30, { tracing: true }),
  observed('logging + metrics + tracing', undefined, {
    tracing: true,
    metrics: true,
    logging: true,
    sumOf: ['logging', 'metrics', 'tracing, sampled'],
  }),
  simple('auth, token cached', 3, () => [auth()]),
  simple('auth, token verified each time', undefined, () => [auth(false)]),
  simple('deadlines', undefined, () => [deadlineServerInterceptor({ defaultMs: 5_000, maxMs: 30_000 })]),
  simple('validation, one rule', undefined, () => [
    validationServerInterceptor({ rules: { 'bench.v1.Bench/Get': () => [] } }),
  ]),
  more('rate limit,', 1, () => rateLimitServerInterceptor({ ratePerSecond: 1e9, burst: 1e9, key: () => 'someone' })),
  simple('concurrency limit', undefined, () => [concurrencyLimitServerInterceptor({ max: 10_000 })]),
  simple('load shedding', undefined, () => [loadSheddingServerInterceptor()]),
  { name: 'idempotency, a new key each time', make: idempotent },
  observed('errors + auth + logging + metrics', 15, { guards: true, logging: true, metrics: true }),
  observed('the same with sampled tracing', 45, { guards: true, logging: true, metrics: true, tracing: true }),
];
