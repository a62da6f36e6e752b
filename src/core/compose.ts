import type { InterceptingCall, Interceptor, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { described } from './description.js';
import { optionError } from './base/options.js';
import { isNextCall, misplacedOnClient, misplacedOnServer } from './misplaced.js';
import { checkSide, type Side } from './side.js';

/**
 * One server interceptor out of several, the first outermost, to be passed around or selected as a group. The same
 * events happen as when they are listed one by one.
 *
 * @throws TypeError when one of them is not a function, or is a client interceptor.
 */
export function composeServerInterceptors(...interceptors: ServerInterceptor[]): ServerInterceptor {
  checkInterceptors('composeServerInterceptors', interceptors, 'server');
  return described({ name: 'compose', side: 'server', parts: interceptors }, (descriptor, call) =>
    isNextCall(call)
      ? misplacedOnClient('compose', descriptor, call)
      : interceptors.reduce((inner, interceptor) => interceptor(descriptor, inner), call as ServerInterceptingCall),
  );
}

/**
 * One client interceptor out of several, the first outermost. The same events happen as when they are listed one by one.
 *
 * @throws TypeError when one of them is not a function, or is a server interceptor.
 */
export function composeClientInterceptors(...interceptors: Interceptor[]): Interceptor {
  checkInterceptors('composeClientInterceptors', interceptors, 'client');
  return described({ name: 'compose', side: 'client', parts: interceptors }, (options, nextCall) =>
    isNextCall(nextCall)
      ? (interceptors.reduceRight<typeof nextCall>(
          (next, interceptor) => (inner) => interceptor(inner, next),
          nextCall,
        )(options) as InterceptingCall)
      : misplacedOnServer('compose', options, nextCall),
  );
}

/** @throws TypeError naming the first of `interceptors` that is not a function, or not for this side. */
export function checkInterceptors(owner: string, interceptors: readonly unknown[], side?: Side): void {
  if (!Array.isArray(interceptors)) throw optionError(`${owner}: interceptors`, 'a list of functions', interceptors);
  interceptors.forEach((interceptor, index) => {
    if (typeof interceptor !== 'function')
      throw optionError(`${owner}: interceptor ${index + 1}`, 'a function', interceptor);
  });
  if (side !== undefined) checkSide((index) => `${owner}: interceptor ${index + 1}`, interceptors, side);
}
