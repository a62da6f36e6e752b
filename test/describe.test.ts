import type { ClientOptions, Interceptor, ServerInterceptor } from '@grpc/grpc-js';
import {
  composeServerInterceptors,
  describeClient,
  describeServer,
  errorServerInterceptor,
  exceptMethods,
  forMethods,
} from 'grpc-js-middleware';
import { allow, authServerInterceptor, definePolicy } from 'grpc-js-middleware/auth';
import { deadlineClientInterceptor, deadlineServerInterceptor } from 'grpc-js-middleware/deadlines';
import { trackCalls } from 'grpc-js-middleware/lifecycle';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { metricsClientInterceptor, metricsServerInterceptor } from 'grpc-js-middleware/metrics';
import { circuitBreakerClientInterceptor, concurrencyLimitServerInterceptor } from 'grpc-js-middleware/overload';
import { serviceConfig } from 'grpc-js-middleware/resolver';
import {
  hedgingClientInterceptor,
  idempotencyClientInterceptor,
  idempotencyServerInterceptor,
  retryClientInterceptor,
} from 'grpc-js-middleware/retry';
import { EchoServiceService } from 'grpc-js-middleware/testing';
import { tracingClientInterceptor, tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';

const ECHO = 'grpc_js_middleware.testing.v1.EchoService';
const logging = loggingServerInterceptor({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
const auth = authServerInterceptor({
  authenticate: () => undefined,
  policy: definePolicy({ [`${ECHO}/*`]: allow.authenticated, [`${ECHO}/Echo`]: allow.role('admin') }),
});
const closed = authServerInterceptor({ authenticate: () => undefined, policy: definePolicy({}) });
const validation = validationServerInterceptor({ rules: { [`${ECHO}/*`]: () => [] } });
const idempotency = idempotencyServerInterceptor({ methods: '*' });
const tracing = tracingServerInterceptor();
const errors = errorServerInterceptor();
const foreign: ServerInterceptor = (_descriptor, call) => call as never;

describe('describeServer', () => {
  test('shows each method its chain: selected, composed and foreign interceptors; equal ones once', () => {
    const both = metricsServerInterceptor({ register: new Registry(), meterProvider: { getMeter: () => meter } });
    const text = describeServer(
      [
        composeServerInterceptors(both, exceptMethods(/Bidi/, logging)),
        errors,
        forMethods(`${ECHO}/Echo`, deadlineServerInterceptor({ defaultMs: 1_500, maxMs: 30_000 })),
        forMethods(
          ({ kind }) => kind === 'unary',
          concurrencyLimitServerInterceptor({ max: 4, queue: 2, queueTimeoutMs: 250 }),
        ),
        auth,
        foreign,
        (_descriptor, call) => call as never,
        validation,
        idempotency,
      ],
      [EchoServiceService],
    );
    expect(text).toMatchInlineSnapshot(`
      "grpc_js_middleware.testing.v1.EchoService/Echo  unary
        metrics            prom-client (grpc-prometheus) and OpenTelemetry (semconv)
        logging
        errors
        deadlines          default 1.5 s, at most 30 s
        concurrency-limit  4 at once, 2 waiting up to 250 ms
        auth               role admin
        foreign            foreign
        (anonymous)        foreign
        validation         requests
        idempotency        replayed for 1 d

      grpc_js_middleware.testing.v1.EchoService/ServerEcho  server_stream
      grpc_js_middleware.testing.v1.EchoService/ClientEcho  client_stream
        metrics      prom-client (grpc-prometheus) and OpenTelemetry (semconv)
        logging
        errors
        auth         authenticated
        foreign      foreign
        (anonymous)  foreign
        validation   requests

      grpc_js_middleware.testing.v1.EchoService/BidiEcho  bidi_stream
        metrics      prom-client (grpc-prometheus) and OpenTelemetry (semconv)
        errors
        auth         authenticated
        foreign      foreign
        (anonymous)  foreign
        validation   requests"
    `);
  });

  test('a good server gets no warning', () => {
    const all = [trackCalls(), tracing, logging, errors, deadlineServerInterceptor(), auth, validation, idempotency];
    expect(describeServer(all, [EchoServiceService])).not.toContain('warning');
  });

  test('without definitions it shows the chain of all methods at once, and for which of them a part is', () => {
    const some = composeServerInterceptors(forMethods([/^a\./, 'b.C/*'], exceptMethods('b.C/D', auth)), errors);
    expect(describeServer([some], [])).toBe('every call\n  auth    only /^a\\./, b.C/*, except b.C/D\n  errors');
    expect(describeServer([], [EchoServiceService])).toContain('no interceptor\n');
  });

  const ALL = [EchoServiceService];
  test.each<[string, ServerInterceptor[], string]>([
    ['an observer behind one that refuses', [errors, auth, logging], 'logging is listed after auth and does not see'],
    [
      'a drain that does not know of calls that wait',
      [errors, concurrencyLimitServerInterceptor({ max: 1 }), trackCalls()],
      'trackCalls is listed after concurrency-limit and',
    ],
    ['no error interceptor', [logging, auth], 'no errorServerInterceptor: unexpected errors reach clients as UNKNOWN'],
    ['methods without a rule', [errors, closed], 'no rule in the policy: every call is refused'],
    [
      'methods that auth does not see',
      [errors, forMethods(/ServerEcho/, auth)],
      `not covered by auth, unlike the other methods: anyone may call it (${ECHO}/Echo, ${ECHO}/ClientEcho, ${ECHO}/BidiEcho)`,
    ],
    [
      'validation before auth',
      [errors, validation, auth],
      'validation is listed before auth: unauthenticated callers learn what',
    ],
    [
      'idempotency before auth, of unary methods',
      [errors, idempotency, auth],
      `idempotency is listed before auth: all callers share their keys (${ECHO}/Echo)`,
    ],
    ['two of the same', [errors, logging, auth, exceptMethods(/Bidi/, errors)], 'errors is listed twice'],
  ])('warns of %s', (_mistake, interceptors, warning) => {
    expect(describeServer(interceptors, ALL)).toContain(`\n\nwarning: ${warning}`);
  });
});

describe('describeClient', () => {
  const retry = retryClientInterceptor({ maxAttempts: 3 });
  const deadline = deadlineClientInterceptor({ defaultMs: 100, reserveMs: 20 });
  const metrics = metricsClientInterceptor({ register: new Registry() });
  const spans = tracingClientInterceptor();
  const breaker = circuitBreakerClientInterceptor();
  const key = idempotencyClientInterceptor();

  test('shows the chain, of all methods at once or of each', () => {
    const own = [spans, deadline, breaker, key, forMethods(/\/Echo$/, retry), exceptMethods('*', hedging)];
    expect(describeClient(own)).toMatchInlineSnapshot(`
      "every call
        tracing
        deadlines        default 100 ms, within the server call's own less 20 ms
        circuit-breaker  opens when 50 % of 10 calls or more fail in 20 s
        idempotency      one key for all attempts
        retry            up to 3 attempts on UNAVAILABLE; only /\\/Echo$/
        hedging          up to 2 attempts, all at once; except *"
    `);
    expect(describeClient(own, {}, [EchoServiceService])).toMatchInlineSnapshot(`
      "grpc_js_middleware.testing.v1.EchoService/Echo  unary
        tracing
        deadlines        default 100 ms, within the server call's own less 20 ms
        circuit-breaker  opens when 50 % of 10 calls or more fail in 20 s
        idempotency      one key for all attempts
        retry            up to 3 attempts on UNAVAILABLE

      grpc_js_middleware.testing.v1.EchoService/ServerEcho  server_stream
      grpc_js_middleware.testing.v1.EchoService/ClientEcho  client_stream
      grpc_js_middleware.testing.v1.EchoService/BidiEcho    bidi_stream
        tracing
        deadlines        default 100 ms, within the server call's own less 20 ms
        circuit-breaker  opens when 50 % of 10 calls or more fail in 20 s
        idempotency      one key for all attempts"
    `);
  });

  const hedging = hedgingClientInterceptor({ maxAttempts: 2 });
  const builtIn = serviceConfig({ retry: {} });
  test.each<[string, Interceptor[], ClientOptions, string]>([
    [
      'grpc-js retrying too',
      [deadline, retry],
      builtIn,
      'grpc-js retries too, by grpc.service_config: attempts multiply',
    ],
    ['two that retry', [deadline, retry, hedging], {}, 'retried twice: attempts multiply'],
    ['calls without a deadline', [retry], {}, 'no default deadline: a call without one may wait forever'],
    ['a deadline without a default', [deadlineClientInterceptor()], {}, 'no default deadline'],
    ['tracing inside retry only', [deadline, retry, spans], {}, 'tracing is listed only after retry: it sees attempts'],
    ['metrics inside retry only', [deadline, hedging, metrics], {}, 'metrics is listed only after hedging: it sees'],
    [
      'metrics that miss refusals',
      [deadline, breaker, metrics],
      {},
      'metrics is listed after deadlines and does not see',
    ],
    [
      'a key for each attempt',
      [deadline, retry, key],
      {},
      'idempotency is listed after retry: each attempt gets a key',
    ],
    [
      'a deadline for each attempt',
      [retry, deadline],
      {},
      'deadlines is listed after retry: each attempt gets the whole',
    ],
    [
      'a breaker inside retry',
      [deadline, retry, breaker],
      {},
      'circuit-breaker is listed after retry: what it rejects',
    ],
    ['two of the same', [metrics, metrics, deadline, retry, metrics], {}, 'metrics is listed twice'],
  ])('warns of %s', (_mistake, interceptors, options, warning) => {
    const text = describeClient(interceptors, options);
    expect(text).toContain(`\n\nwarning: ${warning}`);
    expect(text.match(/^warning/gm)).toHaveLength(1);
  });

  test('a good client gets no warning', () => {
    const all = [spans, metrics, deadline, breaker, key, retry, spans, metrics];
    expect(describeClient(all, serviceConfig({ roundRobin: {} }))).not.toContain('warning');
    expect(describeClient([], serviceConfig({ timeoutMs: 500 }))).not.toContain('warning');
    expect(describeClient(all, { ...builtIn, 'grpc.enable_retries': 0 })).not.toContain('warning');
  });

  test('streams may stay open', () => {
    expect(describeClient([retry], {}, [EchoServiceService])).toContain(`may wait forever (${ECHO}/Echo)`);
  });
});

/** As much of a meter as is asked for here. */
const instrument = { record() {}, add() {} };
const meter = { createHistogram: () => instrument, createCounter: () => instrument };
