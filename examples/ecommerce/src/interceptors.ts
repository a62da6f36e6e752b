import type { ServerInterceptor } from '@grpc/grpc-js';
import { errorServerInterceptor } from 'grpc-js-middleware/errors';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';
import type { Logger } from 'pino';
import { ERROR_DOMAIN } from './errors.js';
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
}

/** What every server of the shop does with every call. */
export function serverInterceptors({ replica, services, logger }: ServerStack): ServerInterceptor[] {
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
    // Handlers see good messages only, so it stands last: nobody is told what a good request looks like who may not make it.
    validationServerInterceptor({ rules: combined(services.map(({ rules }) => rules)) }),
  ];
}
