import { types } from 'node:util';

/**
 * About how much memory a message holds. An interceptor sees messages before they are encoded, and what a buffer holds is
 * these objects, so it is them that are measured: text, bytes and numbers, whatever code generator made the object. Stops
 * as soon as `limit` is exceeded, which also bounds the work for a message that refers to itself.
 */
export function approximateBytes(message: unknown, limit: number): number {
  return measure(message, limit, 0);
}

/** Deeper than any protobuf runtime decodes. */
const MAX_DEPTH = 100;

function measure(value: unknown, limit: number, depth: number): number {
  if (typeof value === 'string') return 8 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (ArrayBuffer.isView(value)) return 8 + value.byteLength;
  if (depth > MAX_DEPTH) return 8;
  let bytes = 8;
  for (const each of partsOf(value)) {
    bytes += measure(each, limit - bytes, depth + 1);
    if (bytes > limit) return bytes;
  }
  return bytes;
}

function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || types.isSet(value)) return value as Iterable<unknown>;
  if (types.isMap(value)) return [...value.keys(), ...value.values()] as unknown[];
  return Object.values(value) as unknown[];
}
