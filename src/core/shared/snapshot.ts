import { types } from 'node:util';

/**
 * A deep copy of a message: what happens to the original afterwards does not change it. Prototypes are kept, so that it
 * can be serialised by any generator's code; functions are shared.
 */
export function snapshotOf<T>(value: T): T {
  return copy(value, new Map()) as T;
}

function copy(value: unknown, known: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const found = known.get(value);
  if (found !== undefined) return found;
  const made = leafCopy(value) ?? emptyLike(value);
  known.set(value, made);
  if (types.isMap(value)) {
    for (const [key, each] of value) (made as Map<unknown, unknown>).set(copy(key, known), copy(each, known));
  } else if (types.isSet(value)) {
    for (const each of value) (made as Set<unknown>).add(copy(each, known));
  } else if (!isLeaf(value)) {
    copyFields(value, made, known);
  }
  return made;
}

function isLeaf(value: object): boolean {
  return ArrayBuffer.isView(value) || types.isDate(value);
}

function leafCopy(value: object): object | undefined {
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (value instanceof Uint8Array) return value.slice();
  if (ArrayBuffer.isView(value) || types.isDate(value)) return structuredClone(value);
  return undefined;
}

function emptyLike(value: object): object {
  if (Array.isArray(value)) return [];
  if (types.isMap(value)) return new Map();
  if (types.isSet(value)) return new Set();
  return Object.create(Object.getPrototypeOf(value) as object | null) as object;
}

/** Own fields by their present values: a getter would answer differently tomorrow. */
function copyFields(from: object, to: object, known: Map<object, unknown>): void {
  for (const key of Reflect.ownKeys(from)) {
    const field = Object.getOwnPropertyDescriptor(from, key)!;
    if (Array.isArray(from) && key === 'length') continue;
    const value = copy((from as Record<PropertyKey, unknown>)[key], known);
    Object.defineProperty(to, key, {
      value,
      writable: true,
      configurable: true,
      enumerable: field.enumerable === true,
    });
  }
}
