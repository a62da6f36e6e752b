import type { InterceptingCall, Interceptor } from '@grpc/grpc-js';
import { described } from '../core/description.js';
import { isNextCall, misplacedOnServer, isListed, uncalled } from '../core/misplaced.js';
import type { InterceptorOptions } from '../core/client/grpc-client-internals.js';
import { activeRetry, overridden, type ActiveRetry, type RetryOptions, type RetryOverrides } from './options.js';
import { codeNames } from './code-names.js';
import { RetryCall } from './retry-call.js';
import { retryOverridesOf } from './with-retry.js';

/**
 * Makes failed calls again, after the rules of gRFC A6. What is listed after it runs for each attempt, what is listed
 * before sees one call.
 *
 * @throws TypeError on an impossible policy, naming the option.
 * @example
 * const client = new ShopClient(target, credentials, {
 *   interceptors: [loggingClientInterceptor({ logger }), retryClientInterceptor({ maxAttempts: 3 })],
 * });
 */
export function retryClientInterceptor(options: RetryOptions = {}): Interceptor {
  if (isListed(arguments)) return uncalled('retryClientInterceptor', arguments);
  const base = activeRetry('retryClientInterceptor', options);
  const perCall = new WeakMap<RetryOverrides, ActiveRetry>();

  const policyOf = (callOptions: InterceptorOptions): ActiveRetry | undefined => {
    const overrides = retryOverridesOf(callOptions);
    if (overrides === undefined) return base;
    if (overrides === false) return undefined;
    let policy = perCall.get(overrides);
    if (policy === undefined) perCall.set(overrides, (policy = overridden(base, options, overrides)));
    return policy;
  };

  return described(
    {
      name: 'retry',
      side: 'client',
      explain: () => `up to ${base.maxAttempts} attempts on ${codeNames(base.retryable)}`,
    },
    (callOptions, nextCall): InterceptingCall => {
      if (!isNextCall(nextCall)) return misplacedOnServer('retry', callOptions, nextCall);
      const policy = policyOf(callOptions);
      // grpc-js asks for its class but only ever calls its methods.
      const call = policy === undefined ? nextCall(callOptions) : new RetryCall(policy, callOptions, nextCall);
      return call as unknown as InterceptingCall;
    },
  );
}
