// The unit: write an interceptor once, for all four call kinds.
export {
  defineClientInterceptor,
  defineServerInterceptor,
  type ClientDefinition,
  type ServerDefinition,
} from './define.js';
export type { CallEnd, ClientHooks, EndOrigin, ServerHooks } from './hooks.js';
export type { CallKind, Method } from './method.js';
export { contextKey, type ContextKey } from './context-key.js';
export {
  callContext,
  currentCall,
  tryCurrentCall,
  type CallContext,
  type ClientCallContext,
  type HandlerCall,
  type ServerCallContext,
} from './context.js';
export { composeClientInterceptors, composeServerInterceptors } from './compose.js';
export { exceptMethods, forMethods } from './select.js';
export type { MethodMatch } from './match.js';
export { keepInterceptors } from './keep.js';
export { assertServer, describeClient, describeServer } from './describe/describe.js';
export type { CoversMethods } from './describe/coverage.js';
// Errors that travel, and what they tell.
export {
  BusinessError,
  StatusError,
  ValidationError,
  isStatusError,
  type BusinessErrorInit,
  type StatusErrorInit,
  type Violation,
} from './status/status-error.js';
export { errorDetail, type ErrorDetail, type ErrorDetailOf, type ErrorDetailType } from './status/details.js';
export { findDetail } from './status/find-detail.js';
export type {
  BadRequestDetail,
  DebugInfoDetail,
  ErrorInfoDetail,
  FieldViolation,
  HelpDetail,
  HelpLink,
  LocalizedMessageDetail,
  LocalizedText,
  PreconditionFailureDetail,
  PreconditionViolation,
  QuotaFailureDetail,
  QuotaViolation,
  RequestInfoDetail,
  ResourceInfoDetail,
  RetryInfoDetail,
} from './status/details.js';
export { statusName, type StatusName } from './status/status-name.js';
