import type { Method } from '../core/method.js';
import { fullName } from '../core/match.js';
import type { ValidationRule, Violation } from './rule.js';

const NONE: readonly Violation[] = [];

/**
 * One rule for a method out of rules by message type. A message without a type name cannot be matched: the operator is
 * told once per method, since rules that are silently not applied would be worse than none.
 */
export function byMessageName(rules: ReadonlyMap<string, ValidationRule>, method: Method): ValidationRule {
  let warned = false;
  return (message) => {
    const name = messageName(message);
    if (name !== undefined) return rules.get(name)?.(message) ?? NONE;
    if (!warned) warnOf(method);
    warned = true;
    return NONE;
  };
}

/**
 * The full name of a message's type, from codecs that put it on their messages: protobuf-es (`$typeName`), ts-proto with
 * `outputTypeAnnotations` (`$type`), protobufjs (`$type.fullName`).
 */
export function messageName(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { $typeName, $type } = message as { $typeName?: unknown; $type?: unknown };
  const name = $typeName ?? (typeof $type === 'object' ? ($type as { fullName?: unknown } | null)?.fullName : $type);
  if (typeof name !== 'string') return undefined;
  return name.startsWith('.') ? name.slice(1) : name;
}

function warnOf(method: Method): void {
  process.emitWarning(
    `validationServerInterceptor: messageRules cannot be applied to ${fullName(method)}: the messages of its codec do not carry their type's name; use rules, by method, instead`,
    { code: 'GRPC_JS_MIDDLEWARE_VALIDATION' },
  );
}
