import type { status } from '@grpc/grpc-js';
import { StatusError } from 'grpc-js-middleware';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** A refusal of the gateway's own, for which HTTP has a better status than the one that the code maps to. */
export class ApiError extends StatusError {
  constructor(
    readonly httpStatus: ContentfulStatusCode,
    code: status,
    text: string,
  ) {
    super(code, text);
  }
}
