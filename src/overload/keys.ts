import { createHash } from 'node:crypto';
import type { CallContext } from '../core/context.js';
import { reportHookFailure } from '../core/base/report-failure.js';

/** Longer keys are kept as their hash: a table of ten thousand must not hold a megabyte for each. */
const MAX_KEY_LENGTH = 256;

/**
 * A key function of the application, as it is called: it never throws, and answers a string of bounded length. Where it
 * throws, or answers anything but a string, the call gets `fallback`, so that breaking it neither evades a limit nor
 * refuses everybody; a warning says so once.
 */
export function keyFunction<C extends CallContext>(
  interceptor: string,
  key: (call: C) => string,
  fallback: (call: C) => string,
): (call: C) => string {
  return (call) => {
    try {
      const value: unknown = key(call);
      if (typeof value === 'string') return bounded(value);
      reportHookFailure(interceptor, 'key', new TypeError(`key answered ${typeof value} instead of a string`));
    } catch (error) {
      reportHookFailure(interceptor, 'key', error);
    }
    return fallback(call);
  };
}

function bounded(key: string): string {
  return key.length <= MAX_KEY_LENGTH ? key : `sha256:${createHash('sha256').update(key).digest('base64url')}`;
}
