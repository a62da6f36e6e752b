import { optionError } from './base/options.js';

/**
 * A typed slot in a call's context. Made once, at module level, and compared by identity: two keys of the same name
 * are two slots.
 *
 * @example
 * const tenant = contextKey('tenant', 'public');
 * call.set(tenant, 'acme');
 * call.get(tenant); // 'acme'
 */
export interface ContextKey<T> {
  /** For people who debug. */
  readonly name: string;
  /** What {@link CallContext.get} answers when nothing was set. */
  readonly defaultValue: T;
}

/**
 * Makes a {@link ContextKey}.
 *
 * @param name For people who debug: need not be unique.
 * @param defaultValue What {@link CallContext.get} answers when nothing was set.
 * @throws TypeError when the name is no string, or empty.
 */
export function contextKey<T>(name: string, defaultValue: T): ContextKey<T> {
  if (typeof name !== 'string' || name === '') throw optionError('contextKey: name', 'a non-empty string', name);
  return Object.freeze({ name, defaultValue });
}

/**
 * A key that all copies of this library in one process share: what one copy's interceptor sets, another copy's reads.
 *
 * @internal
 */
export function sharedContextKey<T>(name: string, defaultValue: T): ContextKey<T> {
  return processWide(`key/${name}`, () => contextKey(name, defaultValue));
}

/**
 * A value that all copies of this library in one process share. The version in the symbol changes when the shape of
 * what is shared changes, so that unlike copies stay apart instead of misreading each other.
 *
 * @internal
 */
export function processWide<T>(name: string, make: () => T): T {
  const symbol = Symbol.for(`grpc-js-middleware/${name}@1`);
  const shared = globalThis as { [key: symbol]: unknown };
  return (shared[symbol] ??= make()) as T;
}
