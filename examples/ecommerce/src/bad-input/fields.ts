import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { describeRpc } from '../testing/descriptors.js';

/** A field somewhere in a request. */
export interface Field {
  /** As violations name it: `items[0].product_id`. */
  readonly name: string;
  readonly kind: FieldKind;
  /** The value that it has in the request. */
  readonly value: unknown;
  /** The same request, with another value here. */
  with(value: unknown): object;
}

export type FieldKind = 'text' | 'whole number' | 'number' | 'enum' | 'list' | 'map' | 'message' | 'time';

/** Every field of a request as the protos know it, those of messages inside too; of a list the first element's. */
export function fieldsOf(rpc: string, request: object): Field[] {
  return fieldsIn(describeRpc(rpc).input, '', []);

  function fieldsIn(message: DescMessage, prefix: string, keys: Keys): Field[] {
    return [
      ...message.oneofs.map(({ name: oneof, localName }) => field(prefix + oneof, 'message', [...keys, localName])),
      ...message.fields.flatMap((each) => fieldsAt(each, prefix + each.name, keysOf(each, keys))),
    ];
  }

  function fieldsAt(desc: DescField, path: string, keys: Keys): Field[] {
    const isOtherWay = desc.oneof !== undefined && valueAt(request, keys) === undefined;
    const kind = kindOf(desc);
    if (isOtherWay || kind === undefined) return [];
    const own = desc.oneof === undefined ? [field(path, kind, keys)] : [];
    if (kind === 'message') return [...own, ...fieldsIn(desc.message!, `${path}.`, keys)];
    if (desc.fieldKind !== 'list') return own;
    const first = [...keys, 0];
    if (desc.listKind === 'message') return [...own, ...fieldsIn(desc.message, `${path}[0].`, first)];
    return [...own, field(`${path}[0]`, 'text', first)];
  }

  function field(path: string, kind: FieldKind, keys: Keys): Field {
    return {
      name: path,
      kind,
      value: valueAt(request, keys),
      with: (value) => replaced(request, keys, value) as object,
    };
  }
}

type Keys = readonly (string | number)[];

/** Where ts-proto keeps a field: `creditCard` is `paymentMethod.creditCard`, since it is one of several ways. */
function keysOf({ oneof, localName }: DescField, keys: Keys): Keys {
  return oneof === undefined ? [...keys, localName] : [...keys, oneof.localName, localName];
}

/** Nothing for what can hold no bad value: yes or no, and times in seconds, which are the server's. */
function kindOf(field: DescField): FieldKind | undefined {
  if (field.fieldKind === 'message') return field.message.name === 'Timestamp' ? 'time' : 'message';
  if (field.fieldKind !== 'scalar') return field.fieldKind;
  switch (field.scalar) {
    case ScalarType.STRING:
      return 'text';
    case ScalarType.INT32:
      return 'whole number';
    case ScalarType.DOUBLE:
      return 'number';
    default:
      return undefined;
  }
}

function valueAt(target: unknown, [key, ...rest]: Keys): unknown {
  if (key === undefined) return target;
  return valueAt((target as Record<string | number, unknown> | undefined)?.[key], rest);
}

function replaced(target: unknown, [key, ...rest]: Keys, value: unknown): unknown {
  if (key === undefined) return value;
  const inner = (target as Record<string | number, unknown>)[key];
  const copy = Array.isArray(target) ? [...(target as unknown[])] : { ...(target as object) };
  return Object.assign(copy, { [key]: replaced(inner, rest, value) });
}
