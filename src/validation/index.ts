// Each inbound message checked, all violations at once.
export { validationServerInterceptor, type ValidationOptions } from './server-interceptor.js';
export type { ValidationRule, Violation } from './rule.js';

// Rules out of schemas.
export {
  snakeCase,
  standardSchema,
  type StandardIssue,
  type StandardResult,
  type StandardSchema,
  type StandardSchemaOptions,
} from './standard-schema.js';
export {
  protovalidateRule,
  protovalidateRules,
  type MessageDescriptor,
  type ProtovalidatePathElement,
  type ProtovalidateResult,
  type ProtovalidateRuleOptions,
  type ProtovalidateRulesOptions,
  type ProtovalidateValidator,
  type ProtovalidateViolation,
  type RequestEncoders,
  type ServiceDescriptor,
} from './protovalidate.js';
