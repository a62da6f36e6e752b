import { status } from '@grpc/grpc-js';
import { StatusError, type ServerCallContext } from 'grpc-js-middleware';
import { identityOf, type Identity } from 'grpc-js-middleware/auth';

/** The user of an identity; none for services, which have no user, and for nobody. */
export function userIdOf(identity: Identity | undefined): number | undefined {
  const userId = identity?.claims['user_id'];
  return typeof userId === 'number' ? userId : undefined;
}

/** Whether an identity may see and do what is not its own. */
export function isStaff(identity: Identity | undefined): boolean {
  return identity?.roles.some((role) => role === 'admin' || role === 'service') ?? false;
}

/** Under which a call that comes again is the same; none when its client does not say. A key is its caller's own. */
export function requestKeyOf(call: ServerCallContext): string | undefined {
  const key = call.metadata.get('idempotency-key')[0]?.toString();
  return key === undefined ? undefined : `${identityOf(call)?.subject ?? ''} ${key}`;
}

/**
 * A record that the request addresses by its id, and whose owner only the database knows: another's is as good as none, so
 * that ids tell nobody what there is.
 *
 * @param missing What is thrown when there is no such record, or it is another's.
 */
export function ownRecord<T extends { readonly userId: number }>(
  call: ServerCallContext,
  record: T | undefined,
  missing: Error,
): T {
  const identity = identityOf(call);
  if (record === undefined) throw missing;
  if (isStaff(identity) || userIdOf(identity) === record.userId) return record;
  throw missing;
}

/**
 * Where the request names a user, and the policy does not ask whether it is the caller.
 *
 * @throws StatusError PERMISSION_DENIED when it is another user.
 */
export function assertSelf(call: ServerCallContext, userId: number): void {
  const identity = identityOf(call);
  if (isStaff(identity) || userIdOf(identity) === userId) return;
  throw new StatusError(status.PERMISSION_DENIED, 'The request names another user');
}

/**
 * The user who calls, for what makes sense for people only.
 *
 * @throws StatusError PERMISSION_DENIED for services.
 */
export function callingUser(call: ServerCallContext): { readonly id: number; readonly name: string } {
  const identity = identityOf(call);
  const id = userIdOf(identity);
  if (id === undefined) throw new StatusError(status.PERMISSION_DENIED, 'Only users may do this');
  const name = identity?.claims['name'];
  return { id, name: typeof name === 'string' ? name : `User ${id}` };
}
