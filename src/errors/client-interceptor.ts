import { status, type Interceptor, type StatusObject } from '@grpc/grpc-js';
import { defineClientInterceptor } from '../core/define.js';
import { brand, kindOf } from '../core/status/error-brand.js';
import type { ClientHooks } from '../core/hooks.js';
import { BusinessError, StatusError, ValidationError } from '../core/status/status-error.js';
import { isListed, uncalled } from '../core/misplaced.js';

/**
 * Gives the errors of grpc-js's own client what ours have: `error instanceof ValidationError` and its `violations`,
 * `error instanceof BusinessError` and its `reason`, and `errorDetails`. They stay grpc-js's errors, with its message,
 * code, details and metadata. A code that gRPC does not know becomes UNKNOWN.
 *
 * With `promiseClient`, or where `StatusError.from(error)` is called anyway, it is not needed.
 *
 * @example
 * const client = new ShopClient(target, credentials, { interceptors: [errorClientInterceptor()] });
 * client.getProduct({ id: -1 }, (error) => {
 *   if (error instanceof ValidationError) console.log(error.violations);
 * });
 */
export function errorClientInterceptor(): Interceptor {
  if (isListed(arguments)) return uncalled('errorClientInterceptor', arguments);
  return defineClientInterceptor('errors', () => () => hooks);
}

const hooks: ClientHooks = {
  onStatus: (given) => (given.code === status.OK ? undefined : withFields(given)),
};

/** grpc-js makes its error by copying every property of the status: so these arrive on it. */
function withFields(given: StatusObject): StatusObject {
  const error = StatusError.received(given);
  return {
    ...given,
    code: error.code,
    [brand]: kindOf(error),
    name: error.name,
    errorDetails: error.errorDetails,
    ...(error instanceof ValidationError && { violations: error.violations }),
    ...(error instanceof BusinessError && { reason: error.reason, domain: error.domain }),
  } as StatusObject;
}
