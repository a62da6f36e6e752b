import type { CallProperties, ClientOptions, Interceptor } from '@grpc/grpc-js';
import { checkInterceptors } from './compose.js';

/**
 * Client options whose interceptors stay when a call brings its own: grpc-js otherwise replaces all of a client's
 * interceptors by those of the call (grpc-node#2428). The kept ones stand outside the call's.
 *
 * Spread it into the client's options instead of `interceptors`.
 *
 * @throws TypeError when one of them is not a function, or is a server interceptor.
 * @example new ShopClient(target, credentials, { ...keepInterceptors(tracing, metrics) })
 */
export function keepInterceptors(...interceptors: Interceptor[]): ClientOptions {
  checkInterceptors('keepInterceptors', interceptors, 'client');
  return {
    callInvocationTransformer: <Request, Response>(properties: CallProperties<Request, Response>) => ({
      ...properties,
      callOptions: {
        ...properties.callOptions,
        interceptors: [...interceptors, ...(properties.callOptions.interceptors ?? [])],
      },
    }),
  };
}
