import type { ServerCallContext } from 'grpc-js-middleware';
import { identityOf } from 'grpc-js-middleware/auth';
import { tokenBucketLimiter, type RateLimiter, type TokenBucketOptions } from 'grpc-js-middleware/overload';

/** All services, who are not counted. */
const SERVICES = 'services';

/** Whose calls are counted together: a user's, or a stranger's by address. */
export function callerKey(call: ServerCallContext): string {
  const identity = identityOf(call);
  if (identity === undefined) return `stranger ${call.peer.slice(0, call.peer.lastIndexOf(':'))}`;
  return identity.roles.includes('service') ? SERVICES : `user ${identity.subject}`;
}

/** A bucket for everybody but the shop's own services. */
export function limitPeople(options: TokenBucketOptions): RateLimiter {
  const people = tokenBucketLimiter(options);
  return { take: (key) => (key === SERVICES ? 0 : people.take(key)) };
}
