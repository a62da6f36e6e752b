import type { Violation } from '../core/status/status-error.js';

export type { Violation };

/**
 * Checks one message: every violation at once, an empty list when it is right. May be async.
 *
 * What it throws, and an answer that is no list of violations, ends the call with INTERNAL: a broken rule never accepts.
 * A `StatusError` that it throws is sent as it is.
 *
 * @example
 * const checkUser: ValidationRule<CreateUserRequest> = ({ email }) =>
 *   email.includes('@') ? [] : [{ field: 'email', description: 'must be an address' }];
 */
export type ValidationRule<Message = unknown> = {
  // A method, since TypeScript lets only those take a narrower message than `unknown`: rules of many types, one record.
  check(message: Message): readonly Violation[] | Promise<readonly Violation[]>;
}['check'];
