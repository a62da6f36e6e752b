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

/**
 * For what only the database knows the owner of; where the request names the owner, the policy asks.
 *
 * @throws StatusError PERMISSION_DENIED when it is another's.
 */
export function assertOwn(call: ServerCallContext, ownerId: number): void {
  const identity = identityOf(call);
  if (isStaff(identity) || userIdOf(identity) === ownerId) return;
  throw new StatusError(status.PERMISSION_DENIED, 'This belongs to somebody else');
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
