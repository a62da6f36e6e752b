import { isObject, optionError } from '../core/base/options.js';
import { StatusError } from '../core/status/status-error.js';
import { statusName, type StatusName } from '../core/status/status-name.js';
import type { Only, ResultOf } from './handlers.js';

/** What to do for each code; `default` for all others. */
export type StatusHandlers = {
  readonly [Name in Exclude<StatusName, 'OK'> | 'default']?: (error: StatusError) => unknown;
};

/**
 * Runs the handler for the error's code and gives back its result. An error that no handler is for, when there is no
 * `default`, is thrown on as it is, so that none is swallowed.
 *
 * @throws TypeError when `handlers` is no object; the error itself when no handler is for it.
 * @example
 * const product = await client.getProduct({ id }).catch((error) =>
 *   matchStatus(error, { NOT_FOUND: () => undefined }),
 * );
 */
export function matchStatus<const Handlers extends StatusHandlers>(
  error: unknown,
  handlers: Handlers & Only<Handlers, keyof StatusHandlers>,
): ResultOf<Handlers> {
  if (!isObject(handlers)) throw optionError('matchStatus: handlers', 'an object of functions by code', handlers);
  const known = StatusError.from(error);
  const name = statusName(known.code) as keyof StatusHandlers;
  const handler = (Object.hasOwn(handlers, name) ? handlers[name] : undefined) ?? handlers.default;
  if (handler === undefined) throw error;
  return handler(known) as ResultOf<Handlers>;
}
