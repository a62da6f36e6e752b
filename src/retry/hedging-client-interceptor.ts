import type { InterceptingCall, Interceptor } from '@grpc/grpc-js';
import { described } from '../core/description.js';
import { isNextCall, misplacedOnServer, isListed, uncalled } from '../core/misplaced.js';
import { timeText } from '../core/base/time-text.js';
import { codeNames } from './code-names.js';
import { HedgingCall } from './hedging-call.js';
import { activeHedging, type HedgingOptions } from './hedging-options.js';

/**
 * Sends a call again before the first attempt has answered, after the rules of gRFC A6, and takes whichever attempt
 * answers first. For calls that may run more than once, where the slowest answers matter most.
 *
 * @throws TypeError on an impossible policy, naming the option.
 * @example
 * forMethods('shop.Catalog/Get', hedgingClientInterceptor({ maxAttempts: 2, hedgingDelayMs: 50 }))
 */
export function hedgingClientInterceptor(options: HedgingOptions): Interceptor {
  if (isListed(arguments)) return uncalled('hedgingClientInterceptor', arguments);
  const policy = activeHedging('hedgingClientInterceptor', options);
  const explanation = [
    `up to ${policy.maxAttempts} attempts, ${policy.delayMs === 0 ? 'all at once' : `one every ${timeText(policy.delayMs)}`}`,
    ...(policy.nonFatal.size > 0 ? [`or after ${codeNames(policy.nonFatal)}`] : []),
  ].join(' ');
  return described({ name: 'hedging', side: 'client', explain: () => explanation }, (callOptions, nextCall) =>
    isNextCall(nextCall)
      ? // grpc-js asks for its class but only ever calls its methods.
        (new HedgingCall(policy, callOptions, nextCall) as unknown as InterceptingCall)
      : misplacedOnServer('hedging', callOptions, nextCall),
  );
}
