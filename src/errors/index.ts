// Errors that arrive as they were thrown.
export { BusinessError, ValidationError, type BusinessErrorInit, type Violation } from '../core/status/status-error.js';
export {
  defineErrors,
  type ErrorCatalogue,
  type ErrorParameter,
  type ErrorTemplate,
  type ErrorTemplates,
  type ParametersOf,
} from './catalogue.js';

// On the server: what is thrown becomes what is sent, and nothing else leaks.
export { errorServerInterceptor, type ErrorServerOptions } from './server-interceptor.js';

// On the client: errors of grpc-js with our classes and fields, and a way to branch on them.
export { errorClientInterceptor } from './client-interceptor.js';
export { matchStatus, type StatusHandlers } from './match-status.js';
