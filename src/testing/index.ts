// A server and a client for tests of your interceptors.
export { startTestServer, type TestServer, type TestServerOptions } from './test-server.js';
export type { EchoHandlers } from './echo-handlers.js';
export {
  EchoRequest,
  EchoResponse,
  EchoServiceClient,
  EchoServiceService,
} from '../gen/grpc_js_middleware/testing/v1/echo.js';

// What happened in their calls.
export { EventLog, type EventMatch, type RecordedEvent, type RecordedHook, type UntilOptions } from './event-log.js';
export { recordClientEvents, recordServerEvents } from './recorders.js';
export { collect } from './collect.js';

// What could happen.
export { injectFaults, type FaultOptions } from './inject-faults.js';
