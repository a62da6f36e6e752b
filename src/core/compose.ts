import type { InterceptingCall, Interceptor, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { described } from './description.js';
import { optionError } from './base/options.js';

/**
 * One server interceptor out of several, the first outermost, to be passed around or selected as a group. The same
 * events happen as when they are listed one by one.
 *
 * @throws TypeError when one of them is not a function.
 */
export function composeServerInterceptors(...interceptors: ServerInterceptor[]): ServerInterceptor {
  checkInterceptors('composeServerInterceptors', interceptors);
  return described({ name: 'compose', side: 'server', parts: interceptors }, (descriptor, call) =>
    interceptors.reduce((inner, interceptor) => interceptor(descriptor, inner), call as ServerInterceptingCall),
  );
}

/**
 * One client interceptor out of several, the first outermost. The same events happen as when they are listed one by one.
 *
 * @throws TypeError when one of them is not a function.
 */
export function composeClientInterceptors(...interceptors: Interceptor[]): Interceptor {
  checkInterceptors('composeClientInterceptors', interceptors);
  return described(
    { name: 'compose', side: 'client', parts: interceptors },
    (options, nextCall) =>
      interceptors.reduceRight<typeof nextCall>(
        (next, interceptor) => (inner) => interceptor(inner, next),
        nextCall,
      )(options) as InterceptingCall,
  );
}

/** @throws TypeError naming the first of `interceptors` that is no function. */
export function checkInterceptors(owner: string, interceptors: readonly unknown[]): void {
  if (!Array.isArray(interceptors)) throw optionError(`${owner}: interceptors`, 'a list of functions', interceptors);
  interceptors.forEach((interceptor, index) => {
    if (typeof interceptor !== 'function')
      throw optionError(`${owner}: interceptor ${index + 1}`, 'a function', interceptor);
  });
}
