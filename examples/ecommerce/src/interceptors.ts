import type { Interceptor, ServerInterceptor } from '@grpc/grpc-js';
import { exceptMethods, forMethods, type Method, type ServerCallContext } from 'grpc-js-middleware';
import { authClientInterceptor, authServerInterceptor, jwtAuthenticator, type JwtKeys } from 'grpc-js-middleware/auth';
import { deadlineClientInterceptor, deadlineServerInterceptor } from 'grpc-js-middleware/deadlines';
import { errorClientInterceptor, errorServerInterceptor } from 'grpc-js-middleware/errors';
import type { CallTracker } from 'grpc-js-middleware/lifecycle';
import { loggingClientInterceptor, loggingServerInterceptor } from 'grpc-js-middleware/logging';
import {
  metricsClientInterceptor,
  metricsServerInterceptor,
  overloadMetrics,
  retryMetrics,
} from 'grpc-js-middleware/metrics';
import {
  circuitBreakerClientInterceptor,
  concurrencyLimitServerInterceptor,
  loadSheddingServerInterceptor,
  rateLimitServerInterceptor,
} from 'grpc-js-middleware/overload';
import {
  hedgingClientInterceptor,
  idempotencyClientInterceptor,
  idempotencyServerInterceptor,
  retryClientInterceptor,
  type IdempotencyStore,
} from 'grpc-js-middleware/retry';
import { tracingClientInterceptor, tracingServerInterceptor } from 'grpc-js-middleware/tracing';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { databaseUnavailable } from './database/errors.js';
import { ERROR_DOMAIN } from './errors.js';
import { callerKey, limitPeople } from './identity/limits.js';
import { ALGORITHM, AUDIENCE, ISSUER } from './identity/issuer.js';
import { policy } from './policy.js';
import { combined } from './rules.js';
import { nameReplica } from './server/replica.js';
import type { ShopService } from './services/shop-service.js';
import { watchCalls } from './telemetry/client-watch.js';
import { bothObservers, type Telemetry } from './telemetry/telemetry.js';
import { serviceAuthenticator } from './tls/credentials.js';

// Every interceptor of the shop, and why it stands where it does. The first listed is outermost: it hears of a call
// first, and of its end last.

const READS = /^(Get|List|Search|ChatWithProducts)/;

/** No unary call takes longer than this. */
const MAX_CALL_MS = 10_000;

/** What each person may ask for. */
export const PEOPLE_LIMIT = { ratePerSecond: 500, burst: 1_000 } as const;

/** What is tried again, and how. */
export const RETRY = {
  maxAttempts: 4,
  initialBackoffMs: 50,
  maxBackoffMs: 1_000,
  retryableStatusCodes: ['UNAVAILABLE'],
} as const;

/** Not soon, and not often: hedges come on top of the load that may have made a replica slow. */
const HEDGING = { maxAttempts: 3, hedgingDelayMs: 250, nonFatalStatusCodes: ['UNAVAILABLE'] } as const;

/** Asked by machines, all the time: of interest to metrics only. */
const MACHINERY = ['grpc.health.v1.Health/*', /^grpc\.reflection\./];

export interface ServerStack {
  /** Who answers, such as `products-2`. */
  readonly replica: string;
  readonly services: readonly ShopService[];
  /** What is running, for the drain. */
  readonly calls: CallTracker;
  readonly logger: Logger;
  readonly register: Registry;
  /** What tokens are verified with. */
  readonly keys: JwtKeys;
  readonly idempotencyStore: IdempotencyStore;
  /** Who tells people that look at the shop. */
  readonly telemetry: Telemetry;
  /** Faults that were asked for; innermost, so that they look like the handler's. */
  readonly faults: ServerInterceptor;
}

/** What every server of the shop does with every call. */
export function serverInterceptors(stack: ServerStack): ServerInterceptor[] {
  const { replica, services, calls, logger, register, keys, idempotencyStore, telemetry, faults } = stack;
  // Counts what the limits admit and refuse.
  const observer = bothObservers(overloadMetrics({ register }), telemetry.limitsOf(replica));
  return [
    // Knows of every running call, from its first moment to its last.
    calls,
    // Outside the rest, so that the log's lines and the metrics' exemplars can name the span.
    exceptMethods(MACHINERY, tracingServerInterceptor()),
    // Counts every end, refused calls included: so it stands outside everything that may refuse.
    metricsServerInterceptor({ register, labels: { replica: () => replica } }),
    // One line per call, for the same reason here.
    exceptMethods(MACHINERY, loggingServerInterceptor({ logger, fields: () => ({ replica }) })),
    // Says which replica answered, for the journey's table.
    nameReplica(replica),
    // Turns what is thrown further in into a status; what nobody foresaw is logged, and hidden from the client. A database
    // that is away for a moment was foreseen: clients try again.
    errorServerInterceptor({
      domain: ERROR_DOMAIN,
      map: databaseUnavailable,
      onUnknown: (error, call: ServerCallContext) =>
        logger.error({ err: error, method: call.method.path, replica }, 'unforeseen error'),
    }),
    // No question takes longer than this, whatever its client would wait; streams may stay open.
    forMethods(isUnary, deadlineServerInterceptor({ defaultMs: 10_000, maxMs: MAX_CALL_MS })),
    // No more at once than the process can work on; behind the queue, the event loop itself says when it is too much.
    // Streams that stay open for hours would only fill the slots.
    forMethods(isUnary, concurrencyLimitServerInterceptor({ max: 200, queue: 1_000, queueTimeoutMs: 5_000, observer })),
    forMethods(isUnary, loadSheddingServerInterceptor({ targetDelayMs: 1_000, observer })),
    // Who calls, and whether they may: src/policy.ts says who may do what.
    authServerInterceptor({
      authenticate: [
        // Under --tls services show a certificate; people, and services without TLS, bring a token.
        serviceAuthenticator(),
        jwtAuthenticator({ issuer: ISSUER, audience: AUDIENCE, algorithms: [ALGORITHM], keys }),
      ],
      policy,
    }),
    // Behind auth, since a limit is its caller's own; services are trusted to mind theirs.
    rateLimitServerInterceptor({
      limiter: limitPeople(PEOPLE_LIMIT),
      key: callerKey,
      observer,
    }),
    // Anybody may sign up, so robots may too: a crowd of them is slowed down, whoever sends it.
    forMethods(
      'user.UserService/CreateUser',
      rateLimitServerInterceptor({ limiter: limitPeople({ ratePerSecond: 0.2, burst: 30 }), key: callerKey, observer }),
    ),
    // Handlers see good messages only. Behind auth: nobody is told what a good request looks like who may not make it.
    validationServerInterceptor({ rules: combined(services.map(({ rules }) => rules)) }),
    // A call that comes again is answered as the first was. Behind auth, since a key is its caller's own, and behind
    // validation, since a request that was refused may be mended and sent under the same key.
    // A process that dies leaves its keys claimed: a little longer than any call may take, another may have them.
    idempotencyServerInterceptor({
      methods: isWrite,
      store: idempotencyStore,
      storeTimeoutMs: 4_000,
      leaseMs: MAX_CALL_MS + 2_000,
    }),
    // What somebody breaks on purpose, to see what all the rest makes of it.
    faults,
  ];
}

export interface ClientStack {
  /**
   * How long a call may take that is given no deadline, in milliseconds.
   *
   * @default 5_000
   */
  readonly patienceMs?: number;
  /** Asked when a token is needed; the answer is kept until it expires. None for those who show a certificate. */
  readonly token?: () => Promise<string>;
  readonly register?: Registry;
  readonly logger?: Logger;
  /** Who tells people that look at the shop. */
  readonly telemetry?: Telemetry;
  /** Watches the call as its caller knows it. */
  readonly outermost?: readonly Interceptor[];
  /** Watches each attempt. */
  readonly perAttempt?: readonly Interceptor[];
}

/** What services do with the calls that they make to each other, and customers with theirs. */
export function clientInterceptors(stack: ClientStack): Interceptor[] {
  const { token, register, logger, telemetry, outermost = [], perAttempt = [], patienceMs = 5_000 } = stack;
  // Count what the breaker refuses, and what is tried again.
  const breaks = bothObservers(register && overloadMetrics({ register }), telemetry?.breakerStates);
  const retries = register && retryMetrics({ register });
  const watch = telemetry && watchCalls(telemetry);
  return [
    ...outermost,
    ...(watch ? [watch.call] : []),
    // The call as its caller knows it, in one span, whatever it takes.
    tracingClientInterceptor(),
    // Counts calls.
    ...(register ? [metricsClientInterceptor({ register })] : []),
    // Errors arrive as the classes they were thrown as, for those who use a client without promiseClient too.
    errorClientInterceptor(),
    // The whole call, retries included, fits into what is left of the caller's own time, less what the caller needs.
    forMethods(isUnary, deadlineClientInterceptor({ defaultMs: patienceMs, reserveMs: 20 })),
    // A service that fails is left alone for a while: calls fail at once, instead of after all their attempts.
    circuitBreakerClientInterceptor({ minimumCalls: 20, openMs: 2_000, observer: breaks }),
    // One key for all attempts of a call, so that a server knows them for one: so outside retry.
    idempotencyClientInterceptor({ methods: isWrite }),
    // What every order waits for: when one replica is slow, the next is asked too, and whichever answers first will do.
    forMethods(isHedged, hedgingClientInterceptor({ ...HEDGING, observer: retries })),
    // A replica that is gone is not noticed: the next attempt goes to another one. A replica that hangs is not waited for
    // where asking twice does no harm. Uploads are not sent again: no key says that they are the same.
    forMethods(isRead, retryClientInterceptor({ ...RETRY, perAttemptTimeoutMs: 2_000, observer: retries })),
    forMethods([isWrite, isLive], retryClientInterceptor({ ...RETRY, observer: retries })),
    ...perAttempt,
    ...(watch ? [watch.attempt] : []),
    // A span for each attempt, inside the call's, and a count of attempts beside that of calls: where nothing is tried
    // again, they would be the same call's a second time.
    forMethods(isRetried, tracingClientInterceptor()),
    ...(register ? [forMethods(isRetried, metricsClientInterceptor({ register }))] : []),
    // A line for each attempt that the other end should have answered better; what it refused it logs itself.
    ...(logger ? [loggingClientInterceptor({ logger })] : []),
    // Innermost, so that an attempt after UNAUTHENTICATED brings a new token. The names of our resolver do not show that
    // all addresses are on this machine, where plaintext is no risk.
    ...(token ? [authClientInterceptor({ token, allowInsecure: true })] : []),
  ];
}

function isUnary({ kind }: Method): boolean {
  return kind === 'unary';
}

/** A read that orders wait for, of a service with three replicas. */
function isHedged({ path }: Method): boolean {
  return path === '/ecommerce.ProductService/GetProduct';
}

/** What else only looks: asking twice does no harm. */
function isRead(method: Method): boolean {
  return READS.test(method.name) && !isHedged(method);
}

/** What would do harm if it happened twice, because an answer got lost and the client asked again. */
function isWrite({ kind, name, service }: Method): boolean {
  return kind === 'unary' && !READS.test(name) && !service.startsWith('grpc.');
}

/** What goes on until somebody hangs up, and may be silent meanwhile. */
function isLive({ kind, name }: Method): boolean {
  return kind === 'server_stream' && !READS.test(name);
}

/** What more than one attempt may be made of. */
function isRetried(method: Method): boolean {
  return isHedged(method) || isRead(method) || isWrite(method) || isLive(method);
}
