import type { CallOptions } from '@grpc/grpc-js';
import { checkOverrides, type RetryOverrides } from './options.js';

// grpc-js copies call options, with their symbols, for each interceptor.
const overridesKey = Symbol.for('grpc-js-middleware/retry@1');

/**
 * Call options that change the retry policy of one call, or turn it off. What is not given stays as the interceptor has
 * it; throttling and buffer belong to the channel and stay too.
 *
 * @throws TypeError on an impossible option.
 * @example client.getProduct(request, metadata, { deadline, ...withRetry({ maxAttempts: 2 }) }, callback)
 * @example const once = withRetry(false); // made once, used by many calls
 */
export function withRetry(overrides: RetryOverrides | false): CallOptions {
  if (overrides !== false) checkOverrides(overrides);
  return { [overridesKey]: overrides } as CallOptions;
}

/** What {@link withRetry} said for this call, if anything. */
export function retryOverridesOf(options: CallOptions): RetryOverrides | false | undefined {
  return (options as { [overridesKey]?: RetryOverrides | false })[overridesKey];
}
