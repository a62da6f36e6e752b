/**
 * Marks our errors, and says of which class they are, so that `instanceof` and `isStatusError` agree between two copies
 * of this library in one process, and on grpc-js's own errors where `errorClientInterceptor` is in use.
 */
export const brand = Symbol.for('grpc-js-middleware/StatusError@1');

/** The classes of errors that travel. */
export type ErrorKind = 'StatusError' | 'ValidationError' | 'BusinessError';

/** Of which class of ours a value is, if any. Never throws, not even on a revoked proxy. */
export function kindOf(value: unknown): ErrorKind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    const kind = (value as { [brand]?: unknown })[brand];
    return typeof kind === 'string' ? (kind as ErrorKind) : undefined;
  } catch {
    return undefined;
  }
}

/** Brands the instances of a class and names them, without a field on each. */
export function brandClass(type: { readonly prototype: object }, kind: ErrorKind): void {
  const { prototype } = type;
  // Bundlers rename classes that mention themselves; people read this name in `constructor.name`.
  Object.defineProperty(type, 'name', { value: kind });
  Object.defineProperty(prototype, brand, { value: kind });
  Object.defineProperty(prototype, 'name', { value: kind, configurable: true, writable: true });
}
