// Spans for servers and clients.
export { tracingServerInterceptor } from './server-interceptor.js';
export { tracingClientInterceptor } from './client-interceptor.js';
export type { TracingOptions } from './options.js';

// Trace context in the metadata key grpc-trace-bin.
export { GrpcTraceBinPropagator } from './grpc-trace-bin.js';
