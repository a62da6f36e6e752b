import { randomUUID } from 'node:crypto';
import type { Interceptor } from '@grpc/grpc-js';
import { isAttempt } from '../../core/client/client-call.js';
import { defineClientInterceptor } from '../../core/define.js';
import { covering, type CoversMethods } from '../../core/describe/coverage.js';
import { explained } from '../../core/description.js';
import { matcher, namesIn, type MethodMatch } from '../../core/match.js';
import { optionsOf } from '../../core/base/options.js';
import { isListed, uncalled } from '../../core/misplaced.js';
import { IDEMPOTENCY_KEY } from './key.js';

/** Options of {@link idempotencyClientInterceptor}. */
export interface IdempotencyClientOptions {
  /** Which methods get a key. @default all */
  readonly methods?: MethodMatch;
  /** Makes a key, unique for each logical call. @default a random UUID */
  readonly newKey?: () => string;
}

/**
 * Gives each call a key in the metadata `idempotency-key`, by which a server knows its attempts and hedges for one
 * call; it is named after the header of the IETF draft "The Idempotency-Key HTTP Header Field". A key that the caller
 * has set stays. Listed before retry and hedging.
 *
 * @throws TypeError on an impossible option.
 */
export function idempotencyClientInterceptor(options: IdempotencyClientOptions = {}): Interceptor & CoversMethods {
  if (isListed(arguments)) return uncalled('idempotencyClientInterceptor', arguments);
  const check = optionsOf('idempotencyClientInterceptor', options, ['methods', 'newKey']);
  const { methods = '*' } = options;
  const matches = matcher(methods, 'idempotencyClientInterceptor: methods');
  const newKey = check.optionalFunction('newKey') ?? randomUUID;
  let warned = false;
  const interceptor = defineClientInterceptor('idempotency', (method) => {
    if (!matches(method)) return undefined;
    return (call) => {
      if (call.metadata.get(IDEMPOTENCY_KEY).length > 0) return;
      if (isAttempt(call) && !warned) {
        warned = true;
        warnOfOrder();
      }
      call.metadata.set(IDEMPOTENCY_KEY, newKey());
    };
  });
  const names = namesIn(methods, 'idempotencyClientInterceptor: methods');
  return covering(explained(interceptor, () => 'one key for all attempts', matches, names));
}

function warnOfOrder(): void {
  process.emitWarning(
    'idempotencyClientInterceptor stands after retryClientInterceptor or hedgingClientInterceptor, ' +
      'so that each attempt gets a key of its own: list it before them',
    { code: 'GRPC_JS_MIDDLEWARE_ORDER' },
  );
}
