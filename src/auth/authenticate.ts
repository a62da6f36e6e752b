import type { ServerCallContext } from '../core/context.js';
import type { Identity } from '../core/shared/identity.js';
import { optionError } from '../core/base/options.js';
import { isThenable } from '../core/base/report-failure.js';
import { isStatusError } from '../core/status/status-error.js';
import { CredentialsError, invalidCredentials } from './failures.js';

/**
 * Finds out who is calling. `undefined` says: no credentials of my kind, ask the next one. Throwing says: bad
 * credentials; nobody else is asked, and the call is refused with UNAUTHENTICATED (a thrown `StatusError` is sent as
 * it is).
 *
 * @example
 * const apiKey: Authenticate = async (call) => {
 *   const [key] = call.metadata.get('x-api-key');
 *   return key === undefined ? undefined : await identityOfKey(String(key));
 * };
 */
export interface Authenticate {
  (call: ServerCallContext): Identity | undefined | Promise<Identity | undefined>;
  /**
   * How to ask for such credentials, in the words of RFC 9110: `Bearer realm="shop"`. Sent as `www-authenticate` to
   * callers who showed none.
   */
  readonly challenge?: string;
}

/** Several authenticators, asked as one. */
export type IdentitySource = (call: ServerCallContext) => Identity | undefined | Promise<Identity | undefined>;

/** Continues with a value now if it is here, later if it is promised: nobody waits for what is known. */
export function andThen<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value);
}

/**
 * The first of several authenticators that knows its kind of credentials. What one of them throws leaves as the
 * refusal that the client is to see.
 */
export function firstIdentity(authenticators: readonly Authenticate[]): IdentitySource {
  return authenticators.map(refusing).reduceRight<IdentitySource>(
    (next, first) => (call) => andThen(first(call), (identity) => identity ?? next(call)),
    () => undefined,
  );
}

/** An authenticator whose failures are refusals, and whose identities are whole. */
function refusing(authenticate: Authenticate): IdentitySource {
  const refuse = (error: unknown): never => {
    throw isStatusError(error) ? error : invalidCredentials(error, authenticate.challenge);
  };
  const examine = (identity: Identity | undefined | null): Identity | undefined => {
    if (identity === undefined || identity === null) return undefined;
    const { subject, roles, scopes } = identity;
    if (typeof subject === 'string' && subject !== '' && Array.isArray(roles) && Array.isArray(scopes)) return identity;
    return refuse(new CredentialsError('the authenticator gave an identity without subject, roles or scopes'));
  };
  return (call) => {
    try {
      const identity = authenticate(call);
      return isThenable(identity) ? Promise.resolve(identity).then(examine, refuse) : examine(identity);
    } catch (error) {
      return refuse(error);
    }
  };
}

/** The option `authenticate`, as a list. */
export function authenticatorsOf(option: string, given: unknown): readonly Authenticate[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length > 0 && list.every((each) => typeof each === 'function')) return list as readonly Authenticate[];
  throw optionError(option, 'a function, such as jwtAuthenticator({ … }), or a non-empty list of them', given);
}
