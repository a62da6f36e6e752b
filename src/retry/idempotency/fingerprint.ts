import { types } from 'node:util';
import { createHash } from 'node:crypto';

/**
 * A hash that is the same for equal messages, whatever order their fields were decoded in, and with whatever code
 * generator's classes. An interceptor sees decoded messages, so fields that the server does not know do not count.
 */
export function fingerprintOf(message: unknown): string {
  return createHash('sha256').update(canonical(message, 0)).digest('base64url');
}

/** Deeper than any protobuf runtime decodes. */
const MAX_DEPTH = 100;

/** One text per value: kinds are told apart, keys are sorted. */
function canonical(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`;
  if (depth > MAX_DEPTH) throw new RangeError('The request is nested too deeply to be compared');
  if (ArrayBuffer.isView(value)) return `bytes ${base64(value)}`;
  if (types.isDate(value)) return `date ${value.getTime()}`;
  const inner = (each: unknown): string => canonical(each, depth + 1);
  if (Array.isArray(value)) return `[${value.map(inner).join()}]`;
  if (types.isSet(value)) return `set [${[...value].map(inner).sort().join()}]`;
  if (types.isMap(value))
    return `map {${pairs(
      [...value].map(([key, each]) => [inner(key), each]),
      inner,
    )}}`;
  return `{${pairs(Object.entries(value), inner)}}`;
}

function pairs(entries: [string, unknown][], inner: (value: unknown) => string): string {
  return entries
    .filter(([, value]) => value !== undefined && typeof value !== 'function')
    .map(([key, value]) => `${JSON.stringify(key)}:${inner(value)}`)
    .sort()
    .join();
}

function base64({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
