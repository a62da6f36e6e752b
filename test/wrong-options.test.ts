import { status, type ServerInterceptor } from '@grpc/grpc-js';
import * as root from 'grpc-js-middleware';
import * as auth from 'grpc-js-middleware/auth';
import * as deadlines from 'grpc-js-middleware/deadlines';
import * as errors from 'grpc-js-middleware/errors';
import * as health from 'grpc-js-middleware/health';
import * as lifecycle from 'grpc-js-middleware/lifecycle';
import * as logging from 'grpc-js-middleware/logging';
import * as metrics from 'grpc-js-middleware/metrics';
import * as overload from 'grpc-js-middleware/overload';
import * as promises from 'grpc-js-middleware/promises';
import * as resolver from 'grpc-js-middleware/resolver';
import * as retry from 'grpc-js-middleware/retry';
import * as testing from 'grpc-js-middleware/testing';
import * as tracing from 'grpc-js-middleware/tracing';
import * as validation from 'grpc-js-middleware/validation';
import { Registry } from 'prom-client';
import { describe, expect, test, vi } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { wrong, wrongArgument, wrongOptions, type WrongCall } from './support/wrong.js';

const subpaths: Record<string, object> = {
  '.': root,
  './auth': auth,
  './deadlines': deadlines,
  './errors': errors,
  './health': health,
  './lifecycle': lifecycle,
  './logging': logging,
  './metrics': metrics,
  './overload': overload,
  './promises': promises,
  './resolver': resolver,
  './retry': retry,
  './testing': testing,
  './tracing': tracing,
  './validation': validation,
};

const interceptor: ServerInterceptor = (_descriptor, call) => call as never;
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const register = new Registry();
const meterProvider = { getMeter: () => ({}) as never };
const server = { tryShutdown() {}, forceShutdown() {} } as never;
const service = testing.EchoServiceService;
const descriptor = { kind: 'message', typeName: 'a.B' } as const;
const validator = { validate: () => ({ kind: 'valid' }) as const };

const policy = {
  maxAttempts: [...wrong.count, 1],
  maxAttemptsLimit: [...wrong.count, 1],
  initialBackoffMs: wrong.time,
  maxBackoffMs: wrong.time,
  backoffMultiplier: wrong.positive,
  retryableStatusCodes: [...wrong.statusCodes, []],
};
const throttling = { maxTokens: [...wrong.positive, 1001, 0.0001], tokenRatio: [...wrong.positive, 1001, 0.0001] };
const jitter = { jitter: wrong.share, random: wrong.function };
const buffer = { maxBufferedMessages: wrong.atLeastZero, maxBufferedBytes: wrong.atLeastZero };
const listeners = {
  onDecision: wrong.function,
  observer: wrong.object,
};
const backoff = { initialBackoffMs: wrong.time, maxBackoffMs: wrong.time };
const perAttempt = { perAttemptTimeoutMs: wrong.time, backoff: wrong.function, shouldRetry: wrong.function };
const told = { onRetry: wrong.function, onGiveUp: wrong.function };

const jwt: auth.JwtAuthenticatorOptions = {
  issuer: 'https://issuer.example',
  audience: 'shop',
  algorithms: ['HS256'],
  keys: { secret: 'x'.repeat(32) },
};
const remote: auth.RemoteJwks = { jwksUri: 'https://issuer.example/keys' };
const withKeys = (keys: auth.JwtKeys, algorithm: auth.JwtAlgorithm = 'ES256'): unknown =>
  auth.jwtAuthenticator({ ...jwt, algorithms: [algorithm], keys });

const loggingRows = {
  logger: [undefined, ...wrong.foreign],
  events: [...wrong.list, ['finish']],
  level: wrong.function,
  fields: wrong.function,
  redact: [...wrong.list, [''], ['a..b']],
  sample: wrong.function,
  metadata: [null, 'x', 1, [1], ['']],
  maxPreviewLength: [...wrong.atLeastZero, 1e9],
};

const metricsRows = {
  register: wrong.foreign,
  meterProvider: wrong.foreign,
  style: [null, '', 'prometheus', 5],
  histogram: [null, true, 'x', []],
  exemplars: wrong.boolean,
  labels: [...wrong.object, { tenant: 'acme' }],
  maxLabelValues: wrong.count,
  methods: [...wrong.list, [1], [{ Get: {} }]],
  instruments: [...wrong.list, [], ['A66'], ['semconv']],
};

const tracingRows = {
  tracerProvider: wrong.foreign,
  propagator: wrong.foreign,
  captureMetadata: [...wrong.list, [5], ['a b'], ['Authorization']],
  messageEvents: wrong.boolean,
  recordExceptions: wrong.boolean,
};

/** Every function that takes options, or arguments that are written down once, and how it may be called wrongly. */
const table: Record<string, readonly WrongCall[]> = {
  // The root.
  defineServerInterceptor: [
    ...wrongArgument('defineServerInterceptor: name', wrong.text, (name) =>
      root.defineServerInterceptor(name, () => {}),
    ),
    ...wrongArgument('defineServerInterceptor: define', wrong.function, (f) => root.defineServerInterceptor('a', f)),
  ],
  defineClientInterceptor: [
    ...wrongArgument('defineClientInterceptor: name', wrong.text, (name) =>
      root.defineClientInterceptor(name, () => {}),
    ),
    ...wrongArgument('defineClientInterceptor: define', wrong.function, (f) => root.defineClientInterceptor('a', f)),
  ],
  contextKey: wrongArgument('contextKey: name', wrong.text, (name) => root.contextKey(name, 0)),
  composeServerInterceptors: wrongArgument('composeServerInterceptors: interceptor 2', wrong.function, (each) =>
    root.composeServerInterceptors(interceptor, each),
  ),
  composeClientInterceptors: wrongArgument('composeClientInterceptors: interceptor 1', wrong.function, (each) =>
    root.composeClientInterceptors(each),
  ),
  keepInterceptors: wrongArgument('keepInterceptors: interceptor 1', wrong.function, (each) =>
    root.keepInterceptors(each),
  ),
  forMethods: [
    ...wrongArgument('forMethods: match', wrong.match, (match) => root.forMethods(match, interceptor)),
    ...wrongArgument('forMethods: interceptor 1', wrong.function, (each) => root.forMethods('*', each)),
  ],
  exceptMethods: [
    ...wrongArgument('exceptMethods: match', wrong.match, (match) => root.exceptMethods(match, interceptor)),
    ...wrongArgument('exceptMethods: interceptor 1', wrong.function, (each) => root.exceptMethods('*', each)),
  ],
  describeServer: [
    ...wrongArgument('describeServer: interceptors', wrong.list, (list) => root.describeServer(list, [])),
    ...wrongArgument('describeServer: interceptor 1', wrong.function, (each) => root.describeServer([each], [])),
    ...wrongArgument('describeServer: definitions', [...wrong.list, [1], [{ Get: {} }]], (list) =>
      root.describeServer([], list),
    ),
  ],
  describeClient: [
    ...wrongArgument('describeClient: interceptors', wrong.list, (list) => root.describeClient(list)),
    ...wrongArgument('describeClient: interceptor 1', wrong.function, (each) => root.describeClient([each])),
    ...wrongArgument('describeClient: channelOptions', wrong.object, (options) => root.describeClient([], options)),
  ],

  // Errors.
  defineErrors: [
    ...wrongArgument('defineErrors: domain', wrong.text, (domain) => root.defineErrors(domain, {})),
    ...wrongArgument('defineErrors: templates', wrong.object, (templates) => root.defineErrors('a', templates)),
    ...wrongArgument('defineErrors: a reason', ['notUpper', 'X', 'X'.repeat(64)], (reason) =>
      root.defineErrors('a', { [reason]: { code: status.ABORTED, message: '' } }),
    ),
    ...wrongArgument('defineErrors: GONE.code', [null, 0, 17, '5'], (code) =>
      root.defineErrors('a', { GONE: { code, message: '' } }),
    ),
    ...wrongArgument('defineErrors: GONE.message', [null, 5, {}], (message) =>
      root.defineErrors('a', { GONE: { code: status.ABORTED, message } }),
    ),
  ],
  errorServerInterceptor: wrongOptions<errors.ErrorServerOptions>(
    'errorServerInterceptor',
    errors.errorServerInterceptor,
    {},
    { domain: wrong.text, map: wrong.function, exposeUnknown: wrong.boolean, onUnknown: wrong.function },
  ),
  matchStatus: wrongArgument('matchStatus: handlers', wrong.object, (handlers) => errors.matchStatus(null, handlers)),

  // Promises.
  implement: [
    ...wrongArgument('implement: service', wrong.object, (each) => promises.implement(each, {} as never)),
    ...wrongArgument('implement: handlers', wrong.object, (handlers) => promises.implement(service, handlers)),
    ...wrongArgument('implement: handlers.echo', wrong.function, (echo) =>
      promises.implement(service, { ...handlersOf(service), echo } as never),
    ),
  ],
  guardHandlers: wrongArgument('guardHandlers: implementation', wrong.object, promises.guardHandlers),
  promiseClient: wrongArgument('promiseClient: client', wrong.foreign, promises.promiseClient),

  // Auth.
  authServerInterceptor: wrongOptions<auth.AuthServerOptions>(
    'authServerInterceptor',
    auth.authServerInterceptor,
    { authenticate: () => undefined, policy: auth.definePolicy({}) },
    {
      authenticate: [undefined, ...wrong.function, [], ['x']],
      policy: [undefined, ...wrong.foreign],
      onDecision: wrong.function,
    },
  ),
  definePolicy: [
    ...wrongArgument('definePolicy: rules', wrong.object, auth.definePolicy),
    ...wrongArgument("definePolicy: rules['a.B/C']", [null, true, 'x', {}, auth.allow.role], (rule) =>
      auth.definePolicy({ 'a.B/C': rule }),
    ),
    ...wrongArgument("definePolicy: rules['a.B']", [undefined], () => auth.definePolicy({ 'a.B': auth.allow.anyone })),
  ],
  allow: [
    ...wrongArgument('allow.role: roles', wrong.text, (role) => auth.allow.role(role)),
    ...wrongArgument('allow.role: roles', [[]], (roles: never[]) => auth.allow.role(...(roles as [never]))),
    ...wrongArgument('allow.scope: scopes', wrong.text, (scope) => auth.allow.scope(scope)),
    ...wrongArgument('allow.when: check', wrong.function, (check) => auth.allow.when(check)),
    ...wrongArgument('allow.request: check', wrong.function, (check) => auth.allow.request(check)),
    ...wrongArgument('allow.any: rules', [null, 'x', {}], (rule) => auth.allow.any(rule)),
    ...wrongArgument('allow.all: rules', [null, 'x', {}], (rule) => auth.allow.all(rule)),
  ],
  jwtAuthenticator: [
    ...wrongOptions('jwtAuthenticator', auth.jwtAuthenticator, jwt, {
      issuer: [undefined, ...wrong.text],
      audience: [undefined, ...wrong.text, [], ['']],
      algorithms: [undefined, ...wrong.list, [], ['none'], ['HS256', 'ES256']],
      keys: [undefined, ...wrong.object, {}, { secret: 'x', jwksUri: 'x' }],
      typ: wrong.text,
      clockToleranceMs: [...wrong.atLeastZero, 300_001],
      maxTokenLength: wrong.count,
      cache: [null, true, 'x', []],
      claimsToIdentity: wrong.function,
      realm: [...wrong.text, 'a"b'],
    }),
    ...wrongOptions<auth.TokenCacheOptions>(
      'jwtAuthenticator: cache',
      (cache) => auth.jwtAuthenticator({ ...jwt, cache }),
      {},
      { maxEntries: wrong.count, maxAgeMs: wrong.positive },
    ),
    ...wrongOptions('jwtAuthenticator: keys', withKeys, remote, {
      jwksUri: [null, '', 5, 'x', 'ftp://a.example', 'https://a:b@c.example', 'http://c.example'],
      allowInsecure: wrong.boolean,
      timeoutMs: wrong.time,
      maxBytes: wrong.count,
      refreshMs: wrong.positive,
      maxStaleMs: [...wrong.positive, 1],
      cooldownMs: wrong.atLeastZero,
      initialBackoffMs: wrong.positive,
      maxBackoffMs: [...wrong.positive, 1],
    }),
    ...wrongArgument('jwtAuthenticator: keys.secret', [null, 5, {}, '', 'short', new Uint8Array(31)], (secret) =>
      withKeys({ secret }, 'HS256'),
    ),
    ...wrongArgument('jwtAuthenticator: keys.publicKeyPem', [null, 5, {}, '', 'x'], (publicKeyPem) =>
      withKeys({ publicKeyPem }),
    ),
    ...wrongArgument('jwtAuthenticator: keys.jwks', [null, 5, {}, [], { keys: [] }], (jwks) => withKeys({ jwks })),
  ],
  mtlsAuthenticator: wrongOptions<auth.MtlsAuthenticatorOptions>(
    'mtlsAuthenticator',
    auth.mtlsAuthenticator,
    {},
    { identify: wrong.function },
  ),
  authClientInterceptor: wrongOptions<auth.AuthClientOptions>(
    'authClientInterceptor',
    auth.authClientInterceptor,
    { token: 'token' },
    {
      token: [undefined, null, '', 'two words', 5, {}],
      scheme: [...wrong.text, 'two words'],
      perCall: wrong.boolean,
      refreshBeforeMs: wrong.atLeastZero,
      allowInsecure: wrong.boolean,
    },
  ),
  tlsServerCredentials: wrongOptions<auth.TlsServerOptions>(
    'tlsServerCredentials',
    auth.tlsServerCredentials,
    { certFile: 'a', keyFile: 'b' },
    {
      certFile: [undefined, ...wrong.text, '-----BEGIN CERTIFICATE-----'],
      keyFile: [undefined, ...wrong.text, '-----BEGIN PRIVATE KEY-----'],
      clientCaFile: wrong.text,
      requireClientCertificate: [...wrong.boolean, true],
      reloadIntervalMs: wrong.timeOrNever,
      onReload: wrong.function,
    },
  ),
  tlsChannelCredentials: [
    ...wrongOptions<auth.TlsChannelOptions>(
      'tlsChannelCredentials',
      auth.tlsChannelCredentials,
      {},
      {
        caFile: wrong.text,
        certFile: wrong.text,
        keyFile: wrong.text,
        reloadIntervalMs: wrong.timeOrNever,
        onReload: wrong.function,
      },
    ),
    ...wrongArgument('tlsChannelCredentials: keyFile', [undefined], (keyFile) =>
      auth.tlsChannelCredentials({ certFile: 'a', keyFile }),
    ),
    ...wrongArgument('tlsChannelCredentials: certFile', [undefined], (certFile) =>
      auth.tlsChannelCredentials({ certFile, keyFile: 'a' }),
    ),
  ],

  // Logging, metrics, tracing.
  loggingServerInterceptor: wrongOptions<logging.LoggingOptions<root.ServerCallContext>>(
    'loggingServerInterceptor',
    logging.loggingServerInterceptor,
    { logger },
    loggingRows,
  ),
  loggingClientInterceptor: wrongOptions<logging.LoggingOptions<root.ClientCallContext>>(
    'loggingClientInterceptor',
    logging.loggingClientInterceptor,
    { logger },
    loggingRows,
  ),
  failuresAndOneIn: wrongArgument('failuresAndOneIn: n', [undefined, ...wrong.count], logging.failuresAndOneIn),
  metricsServerInterceptor: [
    ...wrongOptions<metrics.MetricsOptions<root.ServerCallContext>>(
      'metricsServerInterceptor',
      metrics.metricsServerInterceptor,
      { register },
      metricsRows,
    ),
    ...wrongOptions<{ readonly buckets?: readonly number[] }>(
      'metricsServerInterceptor: histogram',
      (histogram) => metrics.metricsServerInterceptor({ register, histogram }),
      {},
      { buckets: [null, 5, [], [2, 1], [1, 1], [Number.NaN], [1, Infinity], ['1']] },
    ),
    ...wrongArgument('metricsServerInterceptor: register', [undefined], (given) =>
      metrics.metricsServerInterceptor({ register: given }),
    ),
    ...wrongArgument('metricsServerInterceptor: exemplars', [true], (exemplars) =>
      metrics.metricsServerInterceptor({ register, exemplars }),
    ),
    ...wrongArgument('metricsServerInterceptor: methods', [[service]], (methods) =>
      metrics.metricsServerInterceptor({ meterProvider, methods }),
    ),
    ...wrongArgument('metricsServerInterceptor: a name in labels', ['a-b', '__a', 'grpc_code'], (name) =>
      metrics.metricsServerInterceptor({ register, labels: { [name]: () => '' } }),
    ),
  ],
  metricsClientInterceptor: wrongOptions<metrics.MetricsOptions<root.ClientCallContext>>(
    'metricsClientInterceptor',
    metrics.metricsClientInterceptor,
    { register },
    metricsRows,
  ),
  metricsHandler: wrongArgument('metricsHandler: register', [undefined, ...wrong.foreign], metrics.metricsHandler),
  retryMetrics: wrongOptions<metrics.RetryMetricsOptions>(
    'retryMetrics',
    metrics.retryMetrics,
    { register },
    { register: [undefined, ...wrong.foreign] },
  ),
  overloadMetrics: wrongOptions<metrics.OverloadMetricsOptions>(
    'overloadMetrics',
    metrics.overloadMetrics,
    { register },
    { register: [undefined, ...wrong.foreign], maxKeys: wrong.count },
  ),
  healthMetrics: wrongOptions<metrics.HealthMetricsOptions>(
    'healthMetrics',
    metrics.healthMetrics,
    { register, health: { statuses: () => new Map() } },
    {
      register: [undefined, ...wrong.foreign],
      health: [undefined, ...wrong.foreign],
      labels: [...wrong.object, { replica: 5 }],
    },
  ),
  tracingServerInterceptor: wrongOptions<tracing.TracingOptions>(
    'tracingServerInterceptor',
    tracing.tracingServerInterceptor,
    {},
    tracingRows,
  ),
  tracingClientInterceptor: wrongOptions<tracing.TracingOptions>(
    'tracingClientInterceptor',
    tracing.tracingClientInterceptor,
    {},
    tracingRows,
  ),

  // Deadlines.
  deadlineServerInterceptor: [
    ...wrongOptions<deadlines.DeadlineServerOptions>(
      'deadlineServerInterceptor',
      deadlines.deadlineServerInterceptor,
      {},
      { defaultMs: wrong.timeOrNever, minMs: wrong.atLeastZero, maxMs: wrong.timeOrNever },
    ),
    ...wrongArgument('deadlineServerInterceptor: minMs', [11], (minMs) =>
      deadlines.deadlineServerInterceptor({ minMs, maxMs: 10 }),
    ),
    ...wrongArgument('deadlineServerInterceptor: minMs', [11], (minMs) =>
      deadlines.deadlineServerInterceptor({ minMs, defaultMs: 10 }),
    ),
  ],
  deadlineClientInterceptor: wrongOptions<deadlines.DeadlineClientOptions>(
    'deadlineClientInterceptor',
    deadlines.deadlineClientInterceptor,
    {},
    { defaultMs: wrong.timeOrNever, reserveMs: wrong.timeOrZero, propagate: wrong.boolean },
  ),
  detached: wrongArgument('detached: run', wrong.function, deadlines.detached),

  // Validation.
  validationServerInterceptor: [
    ...wrongOptions<validation.ValidationOptions>(
      'validationServerInterceptor',
      validation.validationServerInterceptor,
      {},
      {
        rules: [...wrong.object, { 'a.B/C': {} }],
        messageRules: [...wrong.object, { 'a.B': 5 }],
        validateResponses: [null, 'x', 5, [], { 'a.B/C': 'x' }],
      },
    ),
    ...wrongArgument('validationServerInterceptor: rules', ['nonsense', 'a.B'], (name) =>
      validation.validationServerInterceptor({ rules: { [name]: () => [] } }),
    ),
  ],
  standardSchema: [
    ...wrongArgument('standardSchema: schema', [undefined, ...wrong.foreign], (each) =>
      validation.standardSchema(each),
    ),
    ...wrongOptions<validation.StandardSchemaOptions>(
      'standardSchema',
      (options) => validation.standardSchema({ '~standard': { version: 1, validate: () => ({}) } }, options),
      {},
      { fieldName: wrong.function },
    ),
  ],
  protovalidateRule: wrongOptions<validation.ProtovalidateRuleOptions>(
    'protovalidateRule',
    validation.protovalidateRule,
    { validator, schema: descriptor },
    {
      validator: [undefined, ...wrong.foreign],
      schema: [undefined, ...wrong.foreign],
      toMessage: wrong.function,
    },
  ),
  protovalidateRules: wrongOptions<validation.ProtovalidateRulesOptions>(
    'protovalidateRules',
    validation.protovalidateRules,
    {
      validator,
      service: { kind: 'service', typeName: 'a.B', methods: [] },
      definition: {},
      fromBinary: () => ({}),
    },
    {
      validator: [undefined, ...wrong.foreign],
      service: [undefined, ...wrong.foreign],
      definition: [undefined, ...wrong.object],
      fromBinary: [undefined, ...wrong.function],
    },
  ),

  // Overload.
  rateLimitServerInterceptor: [
    ...wrongOptions<overload.RateLimitOptions>(
      'rateLimitServerInterceptor',
      overload.rateLimitServerInterceptor,
      { ratePerSecond: 1, burst: 1 },
      {
        ratePerSecond: [undefined, ...wrong.positive],
        burst: [undefined, ...wrong.positive, 0.5],
        maxKeys: [...wrong.count, 1e9],
        limiter: wrong.foreign,
        limiterTimeoutMs: wrong.time,
        key: wrong.function,
        dryRun: wrong.boolean,
        ...listeners,
      },
    ),
    ...wrongArgument('rateLimitServerInterceptor: burst', [2], (burst) =>
      overload.rateLimitServerInterceptor({ limiter: { take: () => 0 }, burst }),
    ),
  ],
  tokenBucketLimiter: wrongOptions<overload.TokenBucketOptions>(
    'tokenBucketLimiter',
    overload.tokenBucketLimiter,
    { ratePerSecond: 1, burst: 1 },
    {
      ratePerSecond: [undefined, ...wrong.positive],
      burst: [undefined, ...wrong.positive, 0.5],
      maxKeys: [...wrong.count, 1e9],
    },
  ),
  concurrencyLimitServerInterceptor: wrongOptions<overload.ConcurrencyLimitOptions>(
    'concurrencyLimitServerInterceptor',
    overload.concurrencyLimitServerInterceptor,
    { max: 1 },
    {
      max: [undefined, ...wrong.count],
      queue: [...wrong.atLeastZero, 1.5, 1e9],
      queueTimeoutMs: wrong.time,
      dryRun: wrong.boolean,
      ...listeners,
    },
  ),
  loadSheddingServerInterceptor: wrongOptions<overload.LoadSheddingOptions>(
    'loadSheddingServerInterceptor',
    overload.loadSheddingServerInterceptor,
    {},
    { targetDelayMs: wrong.time, priority: wrong.function, dryRun: wrong.boolean, ...listeners },
  ),
  circuitBreakerClientInterceptor: [
    ...wrongOptions<overload.CircuitBreakerOptions>(
      'circuitBreakerClientInterceptor',
      overload.circuitBreakerClientInterceptor,
      {},
      {
        key: wrong.function,
        failureRate: [...wrong.positive, 1.1],
        minimumCalls: wrong.count,
        windowMs: wrong.time,
        openMs: wrong.time,
        halfOpenCalls: wrong.count,
        isFailure: wrong.function,
        maxKeys: wrong.count,
        dryRun: wrong.boolean,
        onStateChange: wrong.function,
        ...listeners,
      },
    ),
    ...wrongArgument('circuitBreakerClientInterceptor: observer.onStateChange', wrong.function, (onStateChange) =>
      overload.circuitBreakerClientInterceptor({ observer: { onStateChange } }),
    ),
  ],

  // Retry.
  retryClientInterceptor: [
    ...wrongOptions<retry.RetryOptions>(
      'retryClientInterceptor',
      retry.retryClientInterceptor,
      {},
      {
        ...policy,
        ...perAttempt,
        ...told,
        ...buffer,
        maxServerDelayMs: wrong.timeOrZero,
        throttling: wrong.object,
        observer: wrong.object,
      },
    ),
    ...wrongOptions<retry.RetryThrottling>(
      'retryClientInterceptor: throttling',
      (given) => retry.retryClientInterceptor({ throttling: given }),
      { maxTokens: 10, tokenRatio: 0.1 },
      throttling,
    ),
    ...wrongArgument('retryClientInterceptor: observer.onRetry', wrong.function, (onRetry) =>
      retry.retryClientInterceptor({ observer: { onRetry } }),
    ),
  ],
  withRetry: wrongOptions<retry.RetryOverrides>(
    'withRetry',
    retry.withRetry,
    {},
    {
      ...policy,
      ...perAttempt,
      ...told,
      maxServerDelayMs: wrong.timeOrZero,
    },
  ),
  exponentialBackoff: wrongOptions<retry.ExponentialBackoffOptions>(
    'exponentialBackoff',
    retry.exponentialBackoff,
    {},
    {
      initialBackoffMs: wrong.time,
      maxBackoffMs: wrong.time,
      backoffMultiplier: wrong.positive,
      ...jitter,
    },
  ),
  linearBackoff: wrongOptions<retry.LinearBackoffOptions>(
    'linearBackoff',
    retry.linearBackoff,
    { stepMs: 1 },
    { stepMs: [undefined, ...wrong.time], maxBackoffMs: wrong.time, ...jitter },
  ),
  constantBackoff: wrongOptions<retry.ConstantBackoffOptions>(
    'constantBackoff',
    retry.constantBackoff,
    { delayMs: 1 },
    { delayMs: [undefined, ...wrong.time], ...jitter },
  ),
  hedgingClientInterceptor: [
    ...wrongOptions<retry.HedgingOptions>(
      'hedgingClientInterceptor',
      retry.hedgingClientInterceptor,
      { maxAttempts: 2 },
      {
        maxAttempts: [undefined, ...wrong.count, 1],
        maxAttemptsLimit: [...wrong.count, 1],
        hedgingDelayMs: wrong.timeOrZero,
        nonFatalStatusCodes: wrong.statusCodes,
        throttling: wrong.object,
        onHedge: wrong.function,
        onGiveUp: wrong.function,
        observer: wrong.object,
        ...buffer,
      },
    ),
    ...wrongOptions<retry.RetryThrottling>(
      'hedgingClientInterceptor: throttling',
      (given) => retry.hedgingClientInterceptor({ maxAttempts: 2, throttling: given }),
      { maxTokens: 10, tokenRatio: 0.1 },
      throttling,
    ),
  ],
  idempotencyClientInterceptor: wrongOptions<retry.IdempotencyClientOptions>(
    'idempotencyClientInterceptor',
    retry.idempotencyClientInterceptor,
    {},
    { methods: wrong.match, newKey: wrong.function },
  ),
  idempotencyServerInterceptor: wrongOptions<retry.IdempotencyServerOptions>(
    'idempotencyServerInterceptor',
    retry.idempotencyServerInterceptor,
    { methods: '*' },
    {
      methods: [undefined, ...wrong.match],
      store: wrong.foreign,
      ttlMs: wrong.positive,
      leaseMs: wrong.time,
      requireKey: wrong.boolean,
      caller: wrong.function,
      finalStatusCodes: wrong.statusCodes,
      storeTimeoutMs: wrong.time,
      waitMs: wrong.timeOrZero,
      onStoreFailure: [null, '', 'ignore', true],
      onDecision: wrong.function,
    },
  ),
  memoryIdempotencyStore: wrongOptions<retry.MemoryStoreOptions>(
    'memoryIdempotencyStore',
    retry.memoryIdempotencyStore,
    {},
    { maxEntries: [...wrong.count, 1e9] },
  ),

  // Health.
  HealthService: [
    ...wrongOptions<health.HealthServiceOptions>(
      'HealthService',
      (options) => new health.HealthService(options),
      {},
      {
        services: [null, 'x', 5, [1]],
        probes: wrong.object,
        probeIntervalMs: wrong.time,
        probeTimeoutMs: wrong.time,
        onChange: wrong.function,
        onProbe: wrong.function,
      },
    ),
    ...wrongArgument(
      "HealthService: services['a']",
      [null, 'db', 5, ['cache']],
      (needs) => new health.HealthService({ services: { a: needs }, probes: {} }),
    ),
    ...wrongArgument(
      'HealthService: probes.db',
      wrong.function,
      (db) => new health.HealthService({ services: { a: ['db'] }, probes: { db } }),
    ),
    ...wrongArgument(
      'HealthService: probes.db',
      [async () => true],
      (db) => new health.HealthService({ services: { a: [] }, probes: { db } }),
    ),
    ...wrongOptions<health.HealthShutdownOptions>(
      'HealthService.shutdown',
      (options) => new health.HealthService().shutdown(options),
      {},
      { keepWatches: wrong.boolean },
    ),
    ...wrongArgument('HealthService.setStatus: service', wrong.anyText, (name) =>
      new health.HealthService().setStatus(name, 'SERVING'),
    ),
    ...wrongArgument('HealthService.setStatus: status', [null, '', 'UP', 1], (now) =>
      new health.HealthService().setStatus('a', now),
    ),
    ...wrongArgument('HealthService.clearStatus: service', wrong.anyText, (name) =>
      new health.HealthService().clearStatus(name),
    ),
  ],
  checkHealth: [
    ...wrongArgument('checkHealth: target', [undefined, ...wrong.text], (target) => health.checkHealth(target)),
    ...wrongOptions<health.CheckHealthOptions>(
      'checkHealth',
      (options) => health.checkHealth('a:1', options),
      {},
      {
        service: wrong.anyText,
        credentials: wrong.object,
        channelOptions: wrong.object,
        timeoutMs: wrong.time,
      },
    ),
  ],
  watchHealth: [
    ...wrongArgument('watchHealth: target', [undefined, ...wrong.text], (target) => health.watchHealth(target)),
    ...wrongOptions<health.WatchHealthOptions>(
      'watchHealth',
      (options) => health.watchHealth('a:1', options),
      {},
      {
        service: wrong.anyText,
        credentials: wrong.object,
        channelOptions: wrong.object,
        signal: wrong.foreign,
      },
    ),
  ],

  // Resolver.
  registerStaticResolver: [
    ...wrongArgument('registerStaticResolver: scheme', [undefined, ...wrong.text, '1x', 'dns'], (scheme) =>
      resolver.registerStaticResolver(scheme, {}),
    ),
    ...wrongArgument('registerStaticResolver: table', wrong.object, (given) =>
      resolver.registerStaticResolver('wrong', given),
    ),
    ...wrongArgument("registerStaticResolver: table['a']", [null, 'a:1', 5, ['a'], ['a:0'], [5]], (addresses) =>
      resolver.registerStaticResolver('wrong', { a: addresses }),
    ),
  ],
  registerPollingDnsResolver: wrongOptions<resolver.PollingDnsOptions>(
    'registerPollingDnsResolver',
    resolver.registerPollingDnsResolver,
    { intervalMs: 1_000 },
    {
      scheme: [...wrong.text, 'dns'],
      intervalMs: [undefined, ...wrong.time],
      jitter: wrong.share,
      lookup: wrong.function,
      lookupTimeoutMs: wrong.time,
      onError: wrong.function,
    },
  ),
  dnsLookup: wrongOptions<resolver.DnsServers>(
    'dnsLookup',
    resolver.dnsLookup,
    {},
    {
      servers: [...wrong.list, [], ['x'], [5]],
    },
  ),
  srvLookup: wrongOptions<resolver.DnsServers>(
    'srvLookup',
    resolver.srvLookup,
    {},
    {
      servers: [...wrong.list, [], ['x'], [5]],
    },
  ),
  registerAddressSource: [
    ...wrongArgument('registerAddressSource: scheme', [undefined, ...wrong.text, 'dns'], (scheme) =>
      resolver.registerAddressSource(scheme, async function* () {}),
    ),
    ...wrongArgument('registerAddressSource: source', [undefined, ...wrong.function], (source) =>
      resolver.registerAddressSource('wrong', source),
    ),
    ...wrongOptions<resolver.AddressSourceOptions>(
      'registerAddressSource',
      (options) => resolver.registerAddressSource('wrong', async function* () {}, options),
      {},
      { ...backoff, onError: wrong.function },
    ),
  ],
  serviceConfig: [
    ...wrongOptions<resolver.ServiceConfigOptions>(
      'serviceConfig',
      resolver.serviceConfig,
      {},
      {
        roundRobin: wrong.object,
        retry: wrong.object,
        retryThrottling: wrong.object,
        timeoutMs: wrong.time,
        methods: [...wrong.object],
      },
    ),
    ...wrongOptions<retry.RetryPolicy>(
      'serviceConfig: retry',
      (given) => resolver.serviceConfig({ retry: given }),
      {},
      policy,
    ),
    ...wrongOptions<retry.RetryThrottling>(
      'serviceConfig: retryThrottling',
      (retryThrottling) => resolver.serviceConfig({ retryThrottling }),
      { maxTokens: 10, tokenRatio: 0.1 },
      throttling,
    ),
    ...wrongOptions<resolver.MethodSettings>(
      "serviceConfig: methods['a.B/C']",
      (settings) => resolver.serviceConfig({ methods: { 'a.B/C': settings } }),
      {},
      { retry: [null, true, 'x', []], timeoutMs: wrong.time },
    ),
    ...wrongArgument('serviceConfig: a name in methods', ['', 'a', 'a.B', '*'], (name) =>
      resolver.serviceConfig({ methods: { [name]: {} } }),
    ),
    ...wrongArgument('serviceConfig: roundRobin.keepaliveTimeMs', wrong.time, (keepaliveTimeMs) =>
      resolver.serviceConfig({ roundRobin: { keepaliveTimeMs } }),
    ),
  ],
  roundRobin: [
    ...wrongOptions<resolver.RoundRobinOptions>(
      'roundRobin',
      resolver.roundRobin,
      {},
      {
        healthCheck: wrong.object,
        outlierDetection: [...wrong.object],
        keepaliveTimeMs: wrong.time,
        keepaliveTimeoutMs: wrong.time,
      },
    ),
    ...wrongOptions<resolver.HealthCheckOptions>(
      'roundRobin: healthCheck',
      (healthCheck) => resolver.roundRobin({ healthCheck }),
      { serviceName: '' },
      { serviceName: [undefined, ...wrong.anyText], ...backoff },
    ),
    ...wrongOptions<resolver.OutlierDetectionOptions>(
      'roundRobin: outlierDetection',
      (outlierDetection) => resolver.roundRobin({ outlierDetection }),
      { successRateEjection: {} },
      {
        intervalMs: wrong.time,
        baseEjectionTimeMs: wrong.time,
        maxEjectionTimeMs: wrong.time,
        maxEjectionPercent: wrong.percent,
        successRateEjection: [undefined, ...wrong.object],
        failurePercentageEjection: wrong.object,
      },
    ),
    ...wrongOptions<resolver.SuccessRateEjection>(
      'roundRobin: outlierDetection.successRateEjection',
      (successRateEjection) => resolver.roundRobin({ outlierDetection: { successRateEjection } }),
      {},
      {
        stdevFactor: [...wrong.atLeastZero, 0.5],
        enforcementPercentage: wrong.percent,
        minimumHosts: [...wrong.atLeastZero, 0.5],
        requestVolume: [...wrong.atLeastZero, 0.5],
      },
    ),
    ...wrongOptions<resolver.FailurePercentageEjection>(
      'roundRobin: outlierDetection.failurePercentageEjection',
      (failurePercentageEjection) => resolver.roundRobin({ outlierDetection: { failurePercentageEjection } }),
      {},
      {
        threshold: wrong.percent,
        enforcementPercentage: wrong.percent,
        minimumHosts: [...wrong.atLeastZero, 0.5],
        requestVolume: [...wrong.atLeastZero, 0.5],
      },
    ),
  ],

  // Lifecycle.
  shutdownGracefully: [
    ...wrongArgument('shutdownGracefully: server', [undefined, ...wrong.foreign], (given) =>
      lifecycle.shutdownGracefully(given, { drainDelayMs: 0, timeoutMs: 0 }),
    ),
    ...wrongOptions<lifecycle.ShutdownOptions>(
      'shutdownGracefully',
      (options) => lifecycle.shutdownGracefully(server, options),
      { drainDelayMs: 0, timeoutMs: 0 },
      {
        calls: wrong.foreign,
        health: wrong.foreign,
        drainDelayMs: [undefined, ...wrong.timeOrZero],
        timeoutMs: [undefined, ...wrong.timeOrZero],
        force: wrong.foreign,
        onStep: wrong.function,
      },
    ),
  ],
  onSignals: [
    ...wrongArgument('onSignals: signals', [undefined, ...wrong.list, [], ['SIGNOPE']], (signals) =>
      lifecycle.onSignals(signals, () => {}),
    ),
    ...wrongArgument('onSignals: handler', [undefined, ...wrong.function], (handler) =>
      lifecycle.onSignals(['SIGUSR2'], handler),
    ),
    ...wrongOptions<lifecycle.OnSignalsOptions>(
      'onSignals',
      (options) => lifecycle.onSignals(['SIGUSR2'], () => {}, options),
      {},
      { exit: wrong.boolean },
    ),
  ],

  // Testing.
  startTestServer: [
    ...wrongOptions<testing.TestServerOptions>(
      'startTestServer',
      testing.startTestServer,
      {},
      {
        interceptors: [...wrong.list, [5]],
        clientInterceptors: [...wrong.list, [5]],
        handlers: wrong.object,
        implementation: wrong.object,
        addServices: wrong.function,
        serverOptions: wrong.object,
        clientOptions: wrong.object,
        serverCredentials: wrong.object,
        channelCredentials: wrong.object,
        record: wrong.boolean,
      },
    ),
    ...wrongArgument('startTestServer: handlers', [{}], (handlers) =>
      testing.startTestServer({ handlers, implementation: {} }),
    ),
  ],
  injectFaults: wrongOptions<testing.FaultOptions>(
    'injectFaults',
    testing.injectFaults,
    { code: status.ABORTED },
    {
      probability: wrong.share,
      code: [undefined, null, 0, 17, 1.5, 'ABORTED'],
      delayMs: wrong.timeOrZero,
      methods: wrong.match,
      random: wrong.function,
    },
  ),
  recordServerEvents: wrongArgument('recordServerEvents: events', wrong.foreign, (events) =>
    testing.recordServerEvents(events),
  ),
  recordClientEvents: wrongArgument('recordClientEvents: events', wrong.foreign, (events) =>
    testing.recordClientEvents(events),
  ),
  EventLog: wrongOptions<testing.UntilOptions>(
    'EventLog.until',
    (options) => new testing.EventLog().until({}, options),
    {},
    { nth: wrong.count, timeoutMs: wrong.time },
  ),
};

/** What is exported and takes nothing that could be a wrong option, and why. */
const withoutOptions: Record<string, string> = {
  StatusError: 'is made where an error is handled, and so never throws',
  ValidationError: 'as StatusError',
  BusinessError: 'as StatusError',
  isStatusError: 'takes anything',
  findDetail: 'takes anything',
  errorDetail: 'writes down what it is given, where an error is handled',
  statusName: 'takes any number',
  callContext: 'takes a call',
  currentCall: 'takes nothing',
  tryCurrentCall: 'takes nothing',
  errorClientInterceptor: 'takes nothing',
  identityOf: 'takes a call',
  currentIdentity: 'takes nothing',
  healthAndReflection: 'is a constant',
  certificateIdentity: 'takes a certificate',
  addLogFields: 'is called while a call runs, and never breaks it',
  defaultServerLevel: 'takes any number',
  defaultClientLevel: 'takes any number',
  GrpcTraceBinPropagator: 'takes nothing',
  snakeCase: 'takes a name',
  encodeOutcome: 'takes an outcome',
  decodeOutcome: 'takes bytes',
  systemLookup: 'is called by the resolver',
  trackCalls: 'takes nothing',
  collect: 'takes an iterable',
  EchoRequest: 'is generated',
  EchoResponse: 'is generated',
  EchoServiceClient: 'is generated',
  EchoServiceService: 'is generated',
};

describe('wrong options', () => {
  test('there are rows for every export of every import path, or a reason why there are none', () => {
    expect(Object.keys(subpaths).toSorted()).toEqual(
      Object.keys(manifest.exports)
        .filter((path) => path !== './package.json')
        .toSorted(),
    );
    const exported = new Set(Object.values(subpaths).flatMap((each) => Object.keys(each)));
    expect([...exported].toSorted()).toEqual([...Object.keys(table), ...Object.keys(withoutOptions)].toSorted());
  });

  test.each(Object.keys(table))(
    'of %s throw at once and say what was expected and got; unknown names warn',
    async (name) => {
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const accepted: string[] = [];
      for (const { option, given, call } of table[name]!) {
        const thrown = await thrownBy(call);
        if (!(thrown instanceof TypeError && isAbout(option, thrown.message))) {
          accepted.push(`${option} = ${String(given)}: ${String(thrown)}`);
        }
      }
      expect(accepted).toEqual([]);
      const unknown = warn.mock.calls.flatMap(([text]) => (String(text).includes('unknown option') ? [text] : []));
      expect(unknown).toEqual(table[name]!.flatMap(({ warning }) => warning ?? []));
      warn.mockRestore();
    },
  );
});

describe('a secret is never shown', () => {
  const hunter = 'hunter2 hunter2 hunter2';
  const pem = `-----BEGIN PRIVATE KEY-----\n${hunter}\n-----END PRIVATE KEY-----`;
  const calls: Record<string, () => unknown> = {
    'a token in the place of options': () => auth.authClientInterceptor(hunter as never),
    'a token that is none': () => auth.authClientInterceptor({ token: hunter }),
    'a token in the scheme': () => auth.authClientInterceptor({ token: 'x', scheme: `Bearer ${hunter}` }),
    'a secret in the place of keys': () => withKeys(hunter as never, 'HS256'),
    'a secret that is too short': () => withKeys({ secret: hunter }, 'HS256'),
    'a secret among public keys': () => withKeys({ secret: hunter, jwks: { keys: [] } }),
    'a secret for an algorithm with public keys': () => withKeys({ secret: hunter }),
    'a secret as a public key': () => withKeys({ publicKeyPem: hunter }),
    'a private key as a public one': () => withKeys({ publicKeyPem: pem }),
    'a private key in a key set': () => withKeys({ jwks: { keys: [{ kty: 'EC', crv: 'P-256', d: hunter }] } }),
    'a password in a URL': () => withKeys({ jwksUri: 'https://me:hunter2@issuer.example' }),
    'a private key in the place of its path': () => auth.tlsServerCredentials({ certFile: 'a', keyFile: pem }),
    'what an object of the wrong kind holds': () =>
      overload.rateLimitServerInterceptor({ limiter: { options: { password: hunter } } as never }),
  };

  test.each(Object.keys(calls))('%s', async (name) => {
    const error = await thrownBy(calls[name]!);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).not.toContain('hunter2');
  });
});

const handlersOf = (definition: object): object =>
  Object.fromEntries(Object.keys(definition).map((key) => [key, () => undefined]));

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    return `gave ${String(await call())}`;
  } catch (error) {
    return error;
  }
}

/** An option's error may go on into the option: `methods[0]`, `histogram.buckets`. */
function isAbout(option: string, message: string): boolean {
  return message.startsWith(option) && /^(\[[^\]]+\]|\.\w+)* must be .+, got .+$/s.test(message.slice(option.length));
}
