import { status, type StatusObject } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import type { ServerHooks } from '../core/hooks.js';
import { owesResponse } from '../core/server/server-call.js';
import { isStatusError, StatusError, toStatusObject } from '../core/status/status-error.js';
import { originOf } from '../core/status/status-origin.js';
import { isStatusCode } from '../core/status/wire-status.js';
import { deliberateError } from './deliberate.js';
import { inDomain } from './domain.js';
import type { ErrorRules } from './error-rules.js';
import { hiddenError } from './unknown.js';
import { mapError, notify } from './user-functions.js';

/** What `errorServerInterceptor` does for one call. */
export class ErrorHooks implements ServerHooks {
  /** The status on its way was made of an error that passed here. */
  private translated = false;

  constructor(
    private readonly rules: ErrorRules,
    private readonly call: ServerCallContext,
  ) {}

  onError(error: unknown): StatusError {
    this.translated = true;
    const { map, domain } = this.rules;
    const mapped = map === undefined ? undefined : mapError(map, error, this.call);
    if (mapped === 'failed') return this.unknown(error);
    const meant = mapped ?? deliberateError(error);
    return meant === undefined ? this.unknown(error) : inDomain(meant, domain);
  }

  /** Errors of plain handlers, which grpc-js makes into statuses without telling anyone. */
  onStatus(given: StatusObject): StatusObject | undefined {
    // A handler that calls back with an error whose code is 0: grpc-js sends OK, with the error's text.
    if (given.code === status.OK) return owesResponse(this.call) ? this.unguarded(given) : undefined;
    const origin = originOf(given.metadata);
    if (origin?.received) return toStatusObject(inDomain(StatusError.received(given), this.rules.domain));
    if (this.translated) return undefined;
    if (origin === undefined) return isDeliberate(given.code) ? undefined : this.unguarded(given);
    if (!isStatusError(origin.error)) return undefined;
    const meant = inDomain(origin.error, this.rules.domain);
    return meant === origin.error ? undefined : toStatusObject(meant);
  }

  /** What grpc-js makes of a handler that throws, or calls back with an error without a code: its text may be anything. */
  private unguarded({ details }: StatusObject): StatusObject {
    return toStatusObject(this.unknown(new StatusError(status.UNKNOWN, details)));
  }

  private unknown(error: unknown): StatusError {
    const { onUnknown, exposeUnknown } = this.rules;
    if (onUnknown !== undefined) notify(onUnknown, error, this.call);
    return hiddenError(error, exposeUnknown);
  }
}

/** Whether a status without an error of ours was meant: grpc-js sends UNKNOWN, or a database's code, for any error. */
function isDeliberate(code: unknown): boolean {
  return isStatusCode(code) && code !== status.UNKNOWN;
}
