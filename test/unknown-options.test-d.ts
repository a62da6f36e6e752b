// A misspelt option does not compile: every line under an expected error would otherwise be ignored in silence. This
// file is checked by `npm run typecheck` and never run.
import { status, type ServiceDefinition } from '@grpc/grpc-js';
import * as root from 'grpc-js-middleware';
import * as auth from 'grpc-js-middleware/auth';
import * as deadlines from 'grpc-js-middleware/deadlines';
import * as health from 'grpc-js-middleware/health';
import * as lifecycle from 'grpc-js-middleware/lifecycle';
import * as logging from 'grpc-js-middleware/logging';
import * as metrics from 'grpc-js-middleware/metrics';
import * as overload from 'grpc-js-middleware/overload';
import * as resolver from 'grpc-js-middleware/resolver';
import * as retry from 'grpc-js-middleware/retry';
import * as testing from 'grpc-js-middleware/testing';
import * as tracing from 'grpc-js-middleware/tracing';
import * as validation from 'grpc-js-middleware/validation';
import { Registry } from 'prom-client';
import { expectTypeOf } from 'vitest';

const register = new Registry();
const logger = { debug() {}, info() {}, warn() {}, error() {} };
declare const jwt: auth.JwtAuthenticatorOptions;
declare const definitions: ServiceDefinition[];
declare const client: testing.TestServer['client'];

// @ts-expect-error map
root.errorServerInterceptor({ mapp: () => undefined });
// @ts-expect-error domain
new root.BusinessError('GONE', 'Gone', { domian: 'shop' });
// @ts-expect-error message
root.defineErrors('shop', { GONE: { code: status.NOT_FOUND, mesage: '' } });
// @ts-expect-error NOT_FOUND
root.matchStatus(null, { NOTFOUND: () => 1, default: () => 2 });
// @ts-expect-error echo
root.implement(testing.EchoServiceService, { ehco: async () => ({}) });
// @ts-expect-error timeoutMs
void client.echo(testing.EchoRequest.create(), { timeout: 5 });

// @ts-expect-error policy
auth.authServerInterceptor({ authenticate: () => undefined, polcy: auth.definePolicy({}) });
// @ts-expect-error issuer
auth.jwtAuthenticator({ ...jwt, isuer: 'x' });
// @ts-expect-error maxEntries
auth.jwtAuthenticator({ ...jwt, cache: { maxEntires: 5 } });
// @ts-expect-error jwksUri
auth.jwtAuthenticator({ ...jwt, keys: { jwksURI: 'https://issuer.example' } });
// @ts-expect-error identify
auth.mtlsAuthenticator({ identity: () => undefined });
// @ts-expect-error scheme
auth.authClientInterceptor({ token: 'x', schema: 'Bearer' });
// @ts-expect-error keyFile
auth.tlsServerCredentials({ certFile: 'a', keyfile: 'b' });
// @ts-expect-error caFile
auth.tlsChannelCredentials({ ca: 'a' });

// @ts-expect-error redact
logging.loggingServerInterceptor({ logger, redacted: [] });
// @ts-expect-error fields
logging.loggingClientInterceptor({ logger, field: () => ({}) });
// @ts-expect-error labels
metrics.metricsServerInterceptor({ register, label: {} });
// @ts-expect-error buckets
metrics.metricsServerInterceptor({ register, histogram: { bucket: [1] } });
// @ts-expect-error methods
metrics.metricsClientInterceptor({ register, services: definitions });
// @ts-expect-error register
metrics.retryMetrics({ registry: register });
// @ts-expect-error maxKeys
metrics.overloadMetrics({ register, maxkeys: 5 });
// @ts-expect-error health
metrics.healthMetrics({ register, heath: new health.HealthService() });
// @ts-expect-error messageEvents
tracing.tracingServerInterceptor({ messageEvent: true });
// @ts-expect-error propagator
tracing.tracingClientInterceptor({ propogator: undefined });

// @ts-expect-error maxMs
deadlines.deadlineServerInterceptor({ maxMS: 5 });
// @ts-expect-error defaultMs
deadlines.deadlineClientInterceptor({ default: 5 });
// @ts-expect-error rules
validation.validationServerInterceptor({ rule: {} });
// @ts-expect-error fieldName
validation.standardSchema({ '~standard': { version: 1, validate: () => ({}) } }, { fieldNames: validation.snakeCase });

// @ts-expect-error dryRun
overload.rateLimitServerInterceptor({ ratePerSecond: 1, burst: 1, dryrun: true });
// @ts-expect-error ratePerSecond
overload.tokenBucketLimiter({ rate: 1, burst: 1 });
// @ts-expect-error queue
overload.concurrencyLimitServerInterceptor({ max: 1, que: 1 });
// @ts-expect-error targetDelayMs
overload.loadSheddingServerInterceptor({ targetDelay: 5 });
// @ts-expect-error openMs
overload.circuitBreakerClientInterceptor({ openMS: 5 });

// @ts-expect-error maxAttempts
retry.retryClientInterceptor({ maxAttempt: 3 });
// @ts-expect-error tokenRatio
retry.retryClientInterceptor({ throttling: { maxTokens: 10, tokensRatio: 0.1 } });
// @ts-expect-error maxAttempts
retry.withRetry({ attempts: 3 });
// @ts-expect-error jitter
retry.exponentialBackoff({ jiter: 0.1 });
// @ts-expect-error stepMs
retry.linearBackoff({ step: 5 });
// @ts-expect-error delayMs
retry.constantBackoff({ delay: 5 });
// @ts-expect-error hedgingDelayMs
retry.hedgingClientInterceptor({ maxAttempts: 2, hedgingDelay: 5 });
// @ts-expect-error newKey
retry.idempotencyClientInterceptor({ makeKey: () => '' });
// @ts-expect-error ttlMs
retry.idempotencyServerInterceptor({ methods: '*', ttl: 5 });
// @ts-expect-error maxEntries
retry.memoryIdempotencyStore({ max: 5 });

// @ts-expect-error probes
new health.HealthService({ probe: {} });
// @ts-expect-error keepWatches
new health.HealthService().shutdown({ keepWatch: true });
// @ts-expect-error timeoutMs
void health.checkHealth('a:1', { timeout: 5 });
// @ts-expect-error service
health.watchHealth('a:1', { services: 'a' });
// @ts-expect-error intervalMs
resolver.registerPollingDnsResolver({ interval: 5 });
// @ts-expect-error servers
resolver.dnsLookup({ server: [] });
// @ts-expect-error servers
resolver.srvLookup({ server: [] });
// @ts-expect-error onError
resolver.registerAddressSource('a', async function* () {}, { onerror: () => undefined });
// @ts-expect-error roundRobin
resolver.serviceConfig({ roundrobin: {} });
// @ts-expect-error timeoutMs
resolver.serviceConfig({ methods: { 'a.B/C': { timeout: 5 } } });
// @ts-expect-error healthCheck
resolver.roundRobin({ healthcheck: { serviceName: '' } });
// @ts-expect-error threshold
resolver.roundRobin({ outlierDetection: { failurePercentageEjection: { treshold: 5 } } });

declare const server: testing.TestServer['server'];
// @ts-expect-error timeoutMs
void lifecycle.shutdownGracefully(server, { drainDelayMs: 0, timeout: 5 });
// @ts-expect-error exit
lifecycle.onSignals(['SIGTERM'], () => undefined, { exits: false });
// @ts-expect-error interceptors
void testing.startTestServer({ interceptor: [] });
// @ts-expect-error probability
testing.injectFaults({ code: status.ABORTED, propability: 0.5 });
// @ts-expect-error nth
void new testing.EventLog().until({}, { nht: 2 });

// What hides an unknown option from the compiler is a type that takes any: none of ours does.
expectTypeOf<string>().not.toExtend<keyof retry.RetryOptions>();
expectTypeOf<string>().not.toExtend<keyof auth.JwtAuthenticatorOptions>();
