import { isObject, optionsOf } from '../core/base/options.js';
import { fieldPath } from './field-path.js';
import type { ValidationRule, Violation } from './rule.js';

/** As much of `@bufbuild/protovalidate`'s `Validator` as is used; nothing of it is imported here. */
export interface ProtovalidateValidator {
  /** Checks a message of this schema. */
  validate(schema: never, message: never): ProtovalidateResult;
}

/** What a validator found. */
export type ProtovalidateResult =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly violations: readonly ProtovalidateViolation[] }
  | { readonly kind: 'error'; readonly error: Error };

/** One rule that a message breaks, and where. */
export interface ProtovalidateViolation {
  /** What is wrong. */
  readonly message: string;
  /** Which rule says so, such as `string.email`. */
  readonly ruleId: string;
  /** The way to the field, from the message down. */
  readonly field: readonly ProtovalidatePathElement[];
}

/** One step on the way to a field. */
export type ProtovalidatePathElement =
  | { readonly kind: 'list_sub'; readonly index: number }
  | { readonly kind: 'map_sub'; readonly key: string | number | bigint | boolean }
  | { readonly kind: 'extension'; readonly typeName: string }
  | { readonly kind: 'field' | 'oneof'; readonly name: string };

/** A message descriptor of protobuf-es. */
export interface MessageDescriptor {
  /** Tells it from other descriptors. */
  readonly kind: 'message';
  /** Fully qualified: `pkg.Message`. */
  readonly typeName: string;
}

/** Options of {@link protovalidateRule}. */
export interface ProtovalidateRuleOptions {
  /** Made by `createValidator()`. */
  readonly validator: ProtovalidateValidator;
  /** The message's descriptor, with the `buf.validate` options in it. */
  readonly schema: MessageDescriptor;
  /**
   * Makes a protobuf-es message of the codec's, by encoding and decoding it.
   *
   * @default the message itself, for codecs that are protobuf-es
   * @example (message) => fromBinary(CreateUserRequestSchema, CreateUserRequest.encode(message).finish())
   */
  readonly toMessage?: (message: never) => unknown;
}

/**
 * A rule out of the `buf.validate` options in a proto, checked by `@bufbuild/protovalidate`. The rule's identifier
 * becomes the violation's reason: `string.email` is `STRING_EMAIL`.
 *
 * @throws TypeError for a wrong option.
 */
export function protovalidateRule(options: ProtovalidateRuleOptions): ValidationRule {
  const check = optionsOf('protovalidateRule', options, ['validator', 'schema', 'toMessage']);
  const validator = check.having('validator', "a validator of '@bufbuild/protovalidate'", 'validate');
  const { schema } = options;
  if (schema?.kind !== 'message') throw check.error('schema', 'a message descriptor', schema);
  const toMessage = check.optionalFunction('toMessage');
  return (message) => {
    const given = toMessage === undefined ? message : toMessage(message as never);
    return violationsOf(validator.validate(schema as never, given as never));
  };
}

/** A service descriptor of protobuf-es. */
export interface ServiceDescriptor {
  /** Tells it from other descriptors. */
  readonly kind: 'service';
  /** Fully qualified: `pkg.Service`. */
  readonly typeName: string;
  /** Its methods, with the types of their requests. */
  readonly methods: readonly { readonly name: string; readonly input: MessageDescriptor }[];
}

/** As much of a grpc-js service definition as is used: how each method's requests are encoded. */
export type RequestEncoders = Readonly<
  Record<string, { readonly path: string; readonly requestSerialize: (message: never) => Uint8Array }>
>;

/** Options of {@link protovalidateRules}. */
export interface ProtovalidateRulesOptions {
  /** Made by `createValidator()`. */
  readonly validator: ProtovalidateValidator;
  /** The service's descriptor: generated, or from a registry of `buf build`'s descriptor set. */
  readonly service: ServiceDescriptor;
  /** The definition that the server serves, of any codec: its messages are encoded with it. */
  readonly definition: RequestEncoders;
  /** That of `@bufbuild/protobuf`. */
  readonly fromBinary: (schema: never, bytes: Uint8Array) => unknown;
}

/**
 * A rule for each method of a service, for {@link ValidationOptions.rules}. Messages are encoded again for the validator,
 * which costs about what decoding them did.
 *
 * @throws TypeError for a wrong option, and when the definition lacks a method of the descriptor.
 * @example
 * validationServerInterceptor({
 *   rules: protovalidateRules({ validator: createValidator(), service: UserServiceDescriptor, definition: UserService, fromBinary }),
 * })
 */
export function protovalidateRules(options: ProtovalidateRulesOptions): Record<string, ValidationRule> {
  const check = optionsOf('protovalidateRules', options, ['validator', 'service', 'definition', 'fromBinary']);
  const validator = check.having('validator', "a validator of '@bufbuild/protovalidate'", 'validate');
  const { service, definition, fromBinary } = options;
  if (service?.kind !== 'service') throw check.error('service', 'a service descriptor', service);
  if (!isObject(definition)) throw check.error('definition', 'a service definition', definition);
  if (typeof fromBinary !== 'function') throw check.error('fromBinary', "that of '@bufbuild/protobuf'", fromBinary);
  const encoders = new Map(Object.values(definition).map(({ path, requestSerialize }) => [path, requestSerialize]));
  const rules = service.methods.map(({ name, input }) => {
    const method = `${service.typeName}/${name}`;
    const encode = encoders.get(`/${method}`);
    if (encode === undefined) throw check.error('definition', `one with ${method}`, definition);
    const toMessage = (message: never): unknown => fromBinary(input as never, encode(message));
    return [method, protovalidateRule({ validator, schema: input, toMessage })] as const;
  });
  return Object.fromEntries(rules);
}

function violationsOf(result: ProtovalidateResult): readonly Violation[] {
  if (result.kind === 'valid') return [];
  if (result.kind === 'error') throw result.error;
  return result.violations.map(({ field, message, ruleId }) => ({
    field: fieldPath(field.map(keyOf)),
    description: message,
    ...(ruleId !== '' && { reason: ruleId.toUpperCase().replace(/[^A-Z0-9]+/g, '_') }),
  }));
}

function keyOf(element: ProtovalidatePathElement): string | number {
  switch (element.kind) {
    case 'list_sub':
      return element.index;
    case 'map_sub':
      return typeof element.key === 'number' ? element.key : String(element.key);
    case 'extension':
      return element.typeName;
    default:
      return element.name;
  }
}
