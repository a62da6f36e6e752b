import type { Interceptor, ServerInterceptor } from '@grpc/grpc-js';
import { forMethods, type Method } from 'grpc-js-middleware';
import { authClientInterceptor, authServerInterceptor, jwtAuthenticator, type JwtKeys } from 'grpc-js-middleware/auth';
import { deadlineClientInterceptor, deadlineServerInterceptor } from 'grpc-js-middleware/deadlines';
import { errorClientInterceptor, errorServerInterceptor } from 'grpc-js-middleware/errors';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { retryClientInterceptor } from 'grpc-js-middleware/retry';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';
import type { Logger } from 'pino';
import { ERROR_DOMAIN } from './errors.js';
import { ALGORITHM, AUDIENCE, ISSUER } from './identity/issuer.js';
import { policy } from './policy.js';
import { combined } from './rules.js';
import { nameReplica } from './server/replica.js';
import type { ShopService } from './services/shop-service.js';

// Every interceptor of the shop, and why it stands where it does. The first listed is outermost: it hears of a call
// first, and of its end last.

export interface ServerStack {
  /** Who answers, such as `products-2`. */
  readonly replica: string;
  readonly services: readonly ShopService[];
  readonly logger: Logger;
  /** What tokens are verified with. */
  readonly keys: JwtKeys;
}

/** What every server of the shop does with every call. */
export function serverInterceptors({ replica, services, logger, keys }: ServerStack): ServerInterceptor[] {
  return [
    // One line per call, refused ones included: so it stands outside everything that may refuse.
    loggingServerInterceptor({ logger }),
    // Says which replica answered, for the journey's table.
    nameReplica(replica),
    // Turns what is thrown further in into a status; what nobody foresaw is logged, and hidden from the client.
    errorServerInterceptor({
      domain: ERROR_DOMAIN,
      onUnknown: (error, call) => logger.error({ err: error, method: call.method.path }, 'unforeseen error'),
    }),
    // No question takes longer than this, whatever its client would wait; streams may stay open.
    forMethods(isUnary, deadlineServerInterceptor({ defaultMs: 10_000, maxMs: 30_000 })),
    // Who calls, and whether they may: src/policy.ts says who may do what.
    authServerInterceptor({
      authenticate: jwtAuthenticator({ issuer: ISSUER, audience: AUDIENCE, algorithms: [ALGORITHM], keys }),
      policy,
    }),
    // Handlers see good messages only. Behind auth: nobody is told what a good request looks like who may not make it.
    validationServerInterceptor({ rules: combined(services.map(({ rules }) => rules)) }),
  ];
}

export interface ClientStack {
  /** Asked when a token is needed; the answer is kept until it expires. */
  readonly token: () => Promise<string>;
  /** Watches the call as its caller knows it. */
  readonly outermost?: readonly Interceptor[];
  /** Watches each attempt. */
  readonly perAttempt?: readonly Interceptor[];
}

/** What services do with the calls that they make to each other, and customers with theirs. */
export function clientInterceptors({ token, outermost = [], perAttempt = [] }: ClientStack): Interceptor[] {
  return [
    ...outermost,
    // Errors arrive as the classes they were thrown as, for those who use a client without promiseClient too.
    errorClientInterceptor(),
    // The whole call, retries included, fits into what is left of the caller's own time, less what the caller needs.
    forMethods(isUnary, deadlineClientInterceptor({ defaultMs: 5_000, reserveMs: 20 })),
    // A replica that is gone is not noticed: the next attempt goes to another one.
    retryClientInterceptor({
      maxAttempts: 4,
      initialBackoffMs: 50,
      maxBackoffMs: 1_000,
      retryableStatusCodes: ['UNAVAILABLE'],
    }),
    ...perAttempt,
    // Innermost, so that an attempt after UNAUTHENTICATED brings a new token. The names of our resolver do not show that
    // all addresses are on this machine, where plaintext is no risk.
    authClientInterceptor({ token, allowInsecure: true }),
  ];
}

function isUnary({ kind }: Method): boolean {
  return kind === 'unary';
}
