import { status } from '@grpc/grpc-js';
import { BusinessError, statusName, ValidationError, type StatusError } from 'grpc-js-middleware';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { CallError } from './contract.js';

/** The HTTP status of each code, as google.rpc.Code gives it. */
const HTTP_STATUS: Readonly<Record<status, number>> = {
  [status.OK]: 200,
  [status.CANCELLED]: 499,
  [status.UNKNOWN]: 500,
  [status.INVALID_ARGUMENT]: 400,
  [status.DEADLINE_EXCEEDED]: 504,
  [status.NOT_FOUND]: 404,
  [status.ALREADY_EXISTS]: 409,
  [status.PERMISSION_DENIED]: 403,
  [status.RESOURCE_EXHAUSTED]: 429,
  [status.FAILED_PRECONDITION]: 400,
  [status.ABORTED]: 409,
  [status.OUT_OF_RANGE]: 400,
  [status.UNIMPLEMENTED]: 501,
  [status.INTERNAL]: 500,
  [status.UNAVAILABLE]: 503,
  [status.DATA_LOSS]: 500,
  [status.UNAUTHENTICATED]: 401,
};

export function httpStatusOf(code: status): ContentfulStatusCode {
  return HTTP_STATUS[code] as ContentfulStatusCode;
}

/** An error of a call with its typed details, as JSON. */
export function callErrorOf(error: StatusError): CallError {
  const { code, details: text, errorDetails } = error;
  const told = { code: statusName(code), message: text, details: errorDetails };
  if (error instanceof ValidationError) return { ...told, violations: error.violations };
  if (error instanceof BusinessError) return { ...told, message: sentenceOf(error), reason: error.reason };
  return told;
}

/** What people read: the reason, which stands in brackets before it, is for programs. */
function sentenceOf({ details, reason }: BusinessError): string {
  const end = details.indexOf(`[${reason}]: `);
  return end < 0 ? details : details.slice(end + reason.length + 4);
}
