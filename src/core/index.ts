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
  type ServerCallContext,
} from './context.js';
export { composeClientInterceptors, composeServerInterceptors } from './compose.js';
export { exceptMethods, forMethods } from './select.js';
export type { MethodMatch } from './match.js';
export { keepInterceptors } from './keep.js';
export { StatusError, isStatusError, type StatusErrorInit } from './status-error.js';
export type { ErrorDetail } from './details.js';
