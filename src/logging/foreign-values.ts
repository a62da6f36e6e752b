/** Reads a property of an object that may be anybody's: a getter or a proxy may throw. */
export function readField(object: object, name: string): unknown {
  try {
    return (object as Record<string, unknown>)[name];
  } catch {
    return '[Unreadable]';
  }
}

/** What an error says: `type`, `message`, `stack`, `cause` and `errors`, which are no enumerable fields, and what else it carries. */
export function errorFields(error: Error): Record<string, unknown> {
  const type = readField(error, 'constructor') as { name?: unknown } | undefined;
  const fields: Record<string, unknown> = {};
  for (const name of Object.keys(error)) fields[name] = readField(error, name);
  fields['type'] = typeof type?.name === 'string' ? type.name : 'Error';
  for (const name of ['message', 'stack', 'cause', 'errors']) fields[name] = readField(error, name);
  return fields;
}

/** The digits of one of protobuf.js's 64-bit integers; undefined for anything else. */
export function longText(object: object): string | undefined {
  const { __isLong__: isLong } = object as { __isLong__?: unknown };
  return isLong === true ? (object as { toString(): string }).toString() : undefined;
}

/** grpc-js's metadata, of any copy: the error of an outgoing call carries what came with it. */
export function isMetadata(object: object): object is LoggedMetadata {
  const { toJSON, getMap } = object as { toJSON?: unknown; getMap?: unknown };
  return typeof toJSON === 'function' && typeof getMap === 'function';
}

/** As much of grpc-js's metadata as is read. */
interface LoggedMetadata {
  toJSON(): object;
  get(key: string): unknown[];
}

/** All keys with their values. grpc-js makes the header `__proto__` the prototype of its object, which hides it. */
export function metadataObject(metadata: LoggedMetadata): object {
  const all = metadata.toJSON();
  if (Object.getPrototypeOf(all) === Object.prototype) return all;
  const value = metadata.get('__proto__');
  return Object.defineProperty({ ...all }, '__proto__', { value, enumerable: true });
}
