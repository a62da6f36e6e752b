import type { ServerInterceptor } from '@grpc/grpc-js';
import { defineServerInterceptor } from 'grpc-js-middleware';

/** The trailer that says which replica answered. */
export const REPLICA = 'x-shop-replica';

/** An interceptor of the shop's own: every status says which replica sent it. */
export function nameReplica(name: string): ServerInterceptor {
  return defineServerInterceptor('replica', () => (call) => {
    call.responseTrailers.set(REPLICA, name);
  });
}
