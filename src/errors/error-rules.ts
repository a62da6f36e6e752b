import type { ServerCallContext } from '../core/context.js';
import type { StatusError } from '../core/status/status-error.js';

/** The checked options of `errorServerInterceptor`. */
export interface ErrorRules {
  readonly domain: string | undefined;
  readonly map: ((error: unknown, call: ServerCallContext) => StatusError | undefined) | undefined;
  readonly trustCodes: boolean;
  readonly exposeUnknown: boolean;
  readonly onUnknown: ((error: unknown, call: ServerCallContext) => void) | undefined;
}
