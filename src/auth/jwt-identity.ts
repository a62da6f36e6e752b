import type { Identity } from '../core/shared/identity.js';
import { CredentialsError } from './failures.js';

/** What a verified token says (RFC 7519, section 4). */
export type JwtClaims = Readonly<Record<string, unknown>>;

/** Makes an identity of verified claims; what it leaves out is as by default. */
export type ClaimsToIdentity = (claims: JwtClaims) => Partial<Identity>;

/**
 * The identity of a verified token. Frozen all through: calls share it while the token is cached, and a handler that
 * pushed a role into it would promote every later call.
 *
 * @throws CredentialsError when there is no subject.
 */
export function identityOfClaims(claims: JwtClaims, claimsToIdentity?: ClaimsToIdentity): Identity {
  const identity = { ...defaultIdentity(claims), ...claimsToIdentity?.(claims) };
  if (typeof identity.subject === 'string' && identity.subject !== '') return deepFreeze(identity);
  throw new CredentialsError('the token names no subject');
}

/** `sub`; `roles` as a list; `scope` as words with spaces between (RFC 8693, section 4.2). */
function defaultIdentity(claims: JwtClaims): Identity {
  const { sub, roles, scope } = claims;
  return {
    subject: typeof sub === 'string' ? sub : '',
    scheme: 'bearer',
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    scopes: typeof scope === 'string' ? scope.split(' ').filter((word) => word !== '') : [],
    claims,
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
