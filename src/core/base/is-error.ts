import { types } from 'node:util';

/**
 * Whether a value is an error, of whichever realm: in Jest, `vm` contexts and worker frames the errors of Node's core are
 * made by another `Error` than the one that the program sees, so `instanceof` alone would call them plain objects.
 */
export function isError(value: unknown): value is Error {
  if (value instanceof Error || types.isNativeError(value)) return true;
  // What `AbortSignal.timeout` and `fetch` give is of no native kind in every version of Node.
  return typeof value === 'object' && value !== null && isForeignDomException(value);
}

function isForeignDomException(value: object): boolean {
  try {
    return Object.prototype.toString.call(value) === '[object DOMException]';
  } catch {
    return false;
  }
}
