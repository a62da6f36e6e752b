// A budget of time for every call, and for the calls that it makes.
export { deadlineServerInterceptor, type DeadlineServerOptions } from './server-interceptor.js';
export { deadlineClientInterceptor, type DeadlineClientOptions } from './client-interceptor.js';
export { detached } from './detached.js';
