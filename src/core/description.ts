import type { Interceptor, ServerInterceptor } from '@grpc/grpc-js';
import type { Method } from './method.js';

const descriptionKey = Symbol.for('grpc-js-middleware/description@1');

/** How an auth interceptor explains a method that its policy does not mention: nobody may call it. */
export const NO_RULE = 'no rule: closed to everybody';

/** How a deadline interceptor explains that a call which is given no deadline gets none. */
export const NO_DEFAULT = 'no default';

/** Methods that an option names: `'pkg.Service/Name'`, `'pkg.Service/*'` or a RegExp. */
export interface NamedMethods {
  /** The function and its option: `validationServerInterceptor: rules`. */
  readonly place: string;
  /** As it was written, without the leading slash. */
  readonly text: string;
  readonly matches: (method: Method) => boolean;
}

/** What an interceptor of ours says of itself, for `describeServer` and `describeClient`. */
export interface Description {
  readonly name: string;
  readonly side: 'server' | 'client';
  /** The interceptors of a composition, outermost first. */
  readonly parts?: readonly (ServerInterceptor | Interceptor)[];
  /** Where it applies, when that was narrowed. */
  readonly applies?: (method: Method) => boolean;
  /** The same in words, for a description of all methods at once: `only 'shop.Orders/*'`. */
  readonly narrowed?: string;
  /** The methods that it was given by name, each of which should be served. */
  readonly names?: readonly NamedMethods[];
  /** What it does to calls of this method, in a few words. */
  readonly explain?: (method: Method) => string | undefined;
}

/** Puts a description on an interceptor. */
export function described<I extends Interceptor | ServerInterceptor>(description: Description, interceptor: I): I {
  Object.defineProperty(interceptor, descriptionKey, { value: description, configurable: true });
  return interceptor;
}

/**
 * Lets an interceptor say what it does to the calls of a method, in a few words, to which methods it does anything, and
 * which it names, for `describeServer`, `describeClient` and `assertServer`.
 */
export function explained<I extends Interceptor | ServerInterceptor>(
  interceptor: I,
  explain: (method: Method) => string | undefined,
  applies?: (method: Method) => boolean,
  names?: readonly NamedMethods[],
): I {
  const description = descriptionOf(interceptor);
  return description === undefined ? interceptor : described({ ...description, explain, applies, names }, interceptor);
}

/** The description of an interceptor of ours, of any copy of this library; undefined for a foreign one. */
export function descriptionOf(interceptor: unknown): Description | undefined {
  return typeof interceptor === 'function'
    ? (interceptor as { [descriptionKey]?: Description })[descriptionKey]
    : undefined;
}
