import { optionError, warnOfUnknown } from '../core/base/options.js';
import { isMetadata } from '../core/status/received-status.js';
import type { PromiseCallOptions } from './promise-client-types.js';

const NAMES = [
  'signal',
  'timeoutMs',
  'metadata',
  'onHeaders',
  'onTrailers',
  'deadline',
  'host',
  'parent',
  'propagate_flags',
  'credentials',
  'interceptors',
  'interceptor_providers',
] as const satisfies (keyof PromiseCallOptions)[];

const known: ReadonlySet<string> = new Set(NAMES);

/**
 * Checks what comes after the request: grpc-js's own methods take metadata, options and a callback there, and what is
 * written for them would be ignored without a word.
 *
 * @param more What came after the options.
 * @throws TypeError when it is not one object of options.
 */
export function checkCallArguments(options: unknown, more: unknown): void {
  if (typeof options !== 'object' || options === null || isMetadata(options)) throw wrongOptions(options);
  if (more !== undefined) {
    const got = isMetadata(more) ? '' : `, and a ${typeof more} after it`;
    throw new TypeError(`promiseClient: options must be the last argument, got an object${got}: ${HINT}`);
  }
  for (const name of Object.keys(options)) if (!known.has(name)) warnOfUnknown('promiseClient', name, NAMES);
}

const HINT = 'a method takes the request and { metadata, deadline, … }, and returns a promise or an iterable';

function wrongOptions(options: unknown): TypeError {
  if (typeof options === 'function')
    return new TypeError(`promiseClient: options must be an object, got a function: ${HINT}`);
  if (isMetadata(options)) return new TypeError(`promiseClient: options must be an object, got Metadata: ${HINT}`);
  return optionError('promiseClient: options', 'an object', options);
}
