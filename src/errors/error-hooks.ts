import { status, type StatusObject } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import type { ServerHooks } from '../core/hooks.js';
import { owesResponse } from '../core/server/server-call.js';
import { outwardText } from '../core/status/downstream.js';
import { isReceived, isStatusError, StatusError, toStatusObject, withDetails } from '../core/status/status-error.js';
import { isBare, originOf } from '../core/status/status-origin.js';
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
    if (mapped !== undefined) return inDomain(ours(mapped), domain);
    const meant = deliberateError(error, this.rules.trustCodes);
    return meant === undefined || isOwnFault(meant) ? this.unknown(error) : inDomain(meant, domain);
  }

  /** Errors of plain handlers, which grpc-js makes into statuses without telling anyone. */
  onStatus(given: StatusObject): StatusObject | undefined {
    // A handler that calls back with an error whose code is 0: grpc-js sends OK, with the error's text.
    if (given.code === status.OK) return owesResponse(this.call) ? this.hidden(given) : undefined;
    const origin = originOf(given.metadata);
    if (origin?.received) return this.passedOn(StatusError.received(given));
    if (this.translated) return undefined;
    if (origin === undefined) return this.unmarked(given);
    if (!isStatusError(origin.error)) return undefined;
    const meant = inDomain(origin.error, this.rules.domain);
    return meant === origin.error ? undefined : toStatusObject(meant);
  }

  /** What another server sent, handed on by a plain handler. */
  private passedOn(received: StatusError): StatusObject {
    return toStatusObject(isOwnFault(received) ? this.unknown(received) : inDomain(received, this.rules.domain));
  }

  /**
   * What grpc-js makes of an error that a plain handler throws or calls back with: its text may be anything, and a code
   * proves nothing, so only one with Metadata was meant. Headers of HTTP in them came from another server.
   */
  private unmarked(given: StatusObject): StatusObject | undefined {
    const { code, details, metadata } = given;
    if (!isBare(metadata) && metadata.get('content-type').length > 0) {
      return this.passedOn(StatusError.received({ ...given, metadata: metadata.clone() }));
    }
    const meant = this.rules.trustCodes || !this.isBare(given) || (code === status.UNIMPLEMENTED && isMissing(details));
    if (!meant || code === status.UNKNOWN || !isStatusCode(code)) {
      return this.hidden(given);
    }
    const text = outwardText(code, details);
    return text === details ? undefined : { ...given, details: text };
  }

  /** Streams of grpc-js give every error Metadata, empty ones. */
  private isBare({ metadata }: StatusObject): boolean {
    if (isBare(metadata)) return true;
    const { kind } = this.call.method;
    return (kind === 'server_stream' || kind === 'bidi_stream') && Object.keys(metadata.toJSON()).length === 0;
  }

  private hidden({ code, details }: StatusObject): StatusObject {
    return toStatusObject(this.unknown(new StatusError(code, details)));
  }

  private unknown(error: unknown): StatusError {
    const { onUnknown, exposeUnknown } = this.rules;
    if (onUnknown !== undefined) notify(onUnknown, error, this.call);
    return hiddenError(error, exposeUnknown);
  }
}

/** Our own credentials were refused by a server further down: for us to answer for, and not the caller's fault. */
function isOwnFault(error: StatusError): boolean {
  return error.code === status.UNAUTHENTICATED && isReceived(error);
}

/** An error that was chosen here, wherever it was made first. */
function ours(error: StatusError): StatusError {
  return isReceived(error) ? withDetails(error, error.errorDetails) : error;
}

/** grpc-js answers so for a method that the service lacks, by way of a handler of its own. */
const isMissing = (details: string): boolean => details.startsWith('The server does not implement the method ');
