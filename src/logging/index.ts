// The interceptors.
export { loggingServerInterceptor } from './server-interceptor.js';
export { loggingClientInterceptor } from './client-interceptor.js';
export type { LogEvent, LoggingOptions } from './options.js';
export type { Level, LogFunction, Logger } from './logger.js';
// For handlers.
export { addLogFields, type LogFields } from './fields.js';
// For options.
export { failuresAndOneIn } from './sample.js';
export { defaultClientLevel, defaultServerLevel } from './levels.js';
