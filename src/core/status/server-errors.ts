import { status } from '@grpc/grpc-js';

const SERVER_ERRORS: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** Whether a code tells of a fault of the server, by OpenTelemetry's RPC conventions; the others are the client's doing. */
export function isServerError(code: status): boolean {
  return SERVER_ERRORS.has(code);
}
