import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { setDetailsTrailer } from './details-trailer.js';
import type { ErrorDetail, ErrorDetailOf, ErrorDetailType, FieldViolation } from './details.js';
import { brandClass, kindOf, type ErrorKind } from './error-brand.js';
import { businessText, isBusinessText, statusMessage, validationText } from './error-text.js';
import { outwardDetails, outwardText } from './downstream.js';
import { isMetadata, readStatus, type StatusFacts } from './received-status.js';
import { noteOrigin, originOf } from './status-origin.js';
import { initFrom, textFrom, violationsFrom } from './error-arguments.js';
import { isStatusCode, shortText } from './wire-status.js';

// The three classes share a file because they need each other: `StatusError.from` makes its own subclasses.

/** What else a {@link StatusError} says. */
export interface StatusErrorInit {
  /** What a program can act on; sent in the `grpc-status-details-bin` trailer. @default none */
  readonly errorDetails?: readonly ErrorDetail[];
  /** Trailers to send; copied. @default none */
  readonly metadata?: Metadata;
  /** What led to it. Stays here: it never travels. @default none */
  readonly cause?: unknown;
}

/**
 * An error that says what the other end is told. It has grpc-js's own { code, details, metadata } shape, so that
 * `callback(new StatusError(…))` from a plain handler sends code, text and details with no interceptor at all.
 *
 * Made where errors are handled, so it never throws: a code that is no error (OK, or none of gRPC's) becomes UNKNOWN;
 * text is made well-formed and short (2 KB percent-encoded), since grpc-js throws or hangs on other text.
 *
 * @example
 * throw new StatusError(status.NOT_FOUND, 'Product 7 not found', {
 *   errorDetails: [errorDetail.resourceInfo({ resourceType: 'product', resourceName: '7' })],
 * });
 */
export class StatusError extends Error {
  /** The gRPC status code that is sent; never OK. */
  readonly code: status;
  /** The text that is sent; `message` has the code's name before it. */
  readonly details: string;
  /** What a program can act on; sent in the `grpc-status-details-bin` trailer. */
  readonly errorDetails: ErrorDetail[];
  readonly #given: Metadata | undefined;
  #trailers: Metadata | undefined;

  constructor(code: status, details: string, init: StatusErrorInit = {}) {
    init = initFrom('StatusError', init);
    const errorCode = isStatusCode(code) && code !== status.OK ? code : status.UNKNOWN;
    const text = shortText(details);
    super(statusMessage(errorCode, text), init.cause === undefined ? undefined : { cause: init.cause });
    this.code = errorCode;
    this.details = text;
    this.errorDetails = [...(init.errorDetails ?? [])];
    this.#given = isMetadata(init.metadata) ? init.metadata : undefined;
  }

  /**
   * The trailers: those given and, with error details, `grpc-status-details-bin`; built when first asked for. Of an
   * error that another server sent: the trailers as received, which are not sent on.
   */
  get metadata(): Metadata {
    return (this.#trailers ??= this.#build());
  }

  #build(): Metadata {
    const trailers = this.#given?.clone() ?? new Metadata();
    if (this.errorDetails.length > 0) setDetailsTrailer(trailers, this);
    noteOrigin(trailers, { received: false, error: this });
    return trailers;
  }

  /**
   * Makes a StatusError of anything, without ever throwing. One of ours is given back as it is. An error of a grpc-js
   * client, or anything of its shape, becomes one with its code, text, trailers and details: a {@link ValidationError}
   * or a {@link BusinessError} where it fits. Anything else: UNKNOWN 'Unknown error', the original in `cause` only.
   */
  static from(error: unknown): StatusError {
    if (isStatusError(error)) return error;
    const facts = readStatus(error);
    if (facts === undefined) return new StatusError(status.UNKNOWN, 'Unknown error', { cause: error });
    return StatusError.#revive(facts);
  }

  /** The error of a status, other than OK, that another server sent. @internal */
  static received(given: StatusObject): StatusError {
    noteOrigin(given.metadata, { received: true });
    return StatusError.from(given);
  }

  static #revive(facts: StatusFacts): StatusError {
    const { code, details, errorDetails, metadata, received, cause } = facts;
    const error = make(fittingKind(facts), code, details, { errorDetails, cause });
    error.#trailers = metadata;
    noteOrigin(metadata, received ? { received } : { received, error });
    // What was received is told as it was: only what is sent must be short.
    if (received) Object.assign(error, { details, message: statusMessage(code, details) });
    return error;
  }

  /** True for errors of any copy of this library; subclasses of yours are told apart as usual. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }

  static {
    brandClass(this, 'StatusError');
  }
}

/** What is wrong with one field of a request. */
export type Violation = FieldViolation;

/**
 * The request is wrong: INVALID_ARGUMENT, with every wrong field in a google.rpc `BadRequest` detail (AIP-193). Arrives
 * at the client as the same class, with the same violations.
 *
 * @example
 * throw new ValidationError('id', 'ID must be positive'); // validation error in field 'id': ID must be positive
 */
export class ValidationError extends StatusError {
  constructor(field: string, description: string, init?: StatusErrorInit);
  constructor(violations: Violation | readonly Violation[], init?: StatusErrorInit);
  constructor(
    first: string | Violation | readonly Violation[],
    second?: string | StatusErrorInit,
    third?: StatusErrorInit,
  ) {
    const fieldViolations = violationsFrom(first, second);
    const init = typeof second === 'object' && second !== null ? second : third;
    super(status.INVALID_ARGUMENT, validationText(fieldViolations), {
      ...init,
      errorDetails: [{ type: 'badRequest', fieldViolations }, ...(init?.errorDetails ?? [])],
    });
  }

  /** Every wrong field, in the order given. */
  get violations(): readonly Violation[] {
    return detailOf(this, 'badRequest')?.fieldViolations ?? [];
  }

  static {
    brandClass(this, 'ValidationError');
  }
}

/** What else a {@link BusinessError} says. */
export interface BusinessErrorInit {
  /** The gRPC status code; not OK. @default status.FAILED_PRECONDITION */
  readonly code?: status;
  /** Whose reasons these are. Where it is not given, `errorServerInterceptor({ domain })` fills it in. @default '' */
  readonly domain?: string;
  /** What the message says in words, for programs: keys in lowerCamelCase. @default {} */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Details beside the ErrorInfo. @default [] */
  readonly errorDetails?: readonly ErrorDetail[];
  /** What led to it. Stays here: it never travels. @default none */
  readonly cause?: unknown;
}

/**
 * A rule of the business says no: FAILED_PRECONDITION unless told otherwise, with the reason in a google.rpc
 * `ErrorInfo` detail (AIP-193). Arrives at the client as the same class, with the same reason.
 *
 * @example
 * throw new BusinessError('PRODUCT_NOT_FOUND', 'Product not found', { code: status.NOT_FOUND });
 * // business error [PRODUCT_NOT_FOUND]: Product not found
 */
export class BusinessError extends StatusError {
  /** @param reason UPPER_SNAKE_CASE, at most 63 characters, unique within the domain (AIP-193). */
  constructor(reason: string, message: string, init: BusinessErrorInit = {}) {
    reason = textFrom('BusinessError', 'reason', reason, 'UNSPECIFIED');
    message = textFrom('BusinessError', 'message', message, 'no message');
    const {
      code = status.FAILED_PRECONDITION,
      domain = '',
      metadata = {},
      errorDetails = [],
      cause,
    } = initFrom('BusinessError', init);
    super(code, businessText(reason, message), {
      errorDetails: [{ type: 'errorInfo', reason, domain, metadata: { ...metadata } }, ...errorDetails],
      cause,
    });
  }

  /** Why, for programs: UPPER_SNAKE_CASE, unique within the domain. */
  get reason(): string {
    return detailOf(this, 'errorInfo')?.reason ?? '';
  }

  /** Whose reasons these are; `''` when nobody said. */
  get domain(): string {
    return detailOf(this, 'errorInfo')?.domain ?? '';
  }

  static {
    brandClass(this, 'BusinessError');
  }
}

/** A {@link StatusError}, of this copy of the library or another, or an error of grpc-js that says all that one does. */
export function isStatusError(error: unknown): error is StatusError {
  return kindOf(error) !== undefined;
}

/**
 * The status to send for an error. Its trailers are the caller's to change. Of an error that another server sent, code,
 * text and details go on as {@link outward} says; its trailers, which may be anything, do not.
 *
 * @internal
 */
export function toStatusObject(error: StatusError): StatusObject {
  if (isReceived(error)) return outwardStatus(error);
  const { code, metadata } = error;
  const trailers = metadata.clone();
  noteOrigin(trailers, { received: false, error });
  return { code, details: shortText(error.details), metadata: trailers };
}

function outwardStatus(error: StatusError): StatusObject {
  const trailers = new Metadata();
  const { code, details, errorDetails } = outward(error);
  const text = shortText(details);
  setDetailsTrailer(trailers, { code, details: text, errorDetails });
  noteOrigin(trailers, { received: false, error });
  return { code, details: text, metadata: trailers };
}

/** It is what another server sent, or what the local gRPC client said of a call to it. @internal */
export function isReceived(error: StatusError): boolean {
  return originOf(error.metadata)?.received === true;
}

/**
 * What an outer client may know of an error that came from a server further down. UNAUTHENTICATED says that our own
 * credentials were refused; a client that heard it would give up its own, which are good.
 */
function outward({ code, details, errorDetails }: StatusError): Pick<StatusError, 'code' | 'details' | 'errorDetails'> {
  if (code === status.UNAUTHENTICATED) return { code: status.INTERNAL, details: 'Internal error', errorDetails: [] };
  return { code, details: outwardText(code, details), errorDetails: outwardDetails(errorDetails) };
}

/** The same error with other details; one that another server sent becomes ours, without what must not go on. @internal */
export function withDetails(error: StatusError, errorDetails: readonly ErrorDetail[]): StatusError {
  const { code, details, metadata, cause } = error;
  const kind = kindOf(error) ?? 'StatusError';
  if (!isReceived(error)) return make(kind, code, details, { errorDetails, cause, metadata });
  return make(kind, code, outwardText(code, details), { errorDetails: outwardDetails(errorDetails), cause });
}

function isInstance(type: unknown, value: unknown): boolean {
  if (type === StatusError) return isStatusError(value);
  if (type === ValidationError) return kindOf(value) === 'ValidationError';
  if (type === BusinessError) return kindOf(value) === 'BusinessError';
  return Function.prototype[Symbol.hasInstance].call(type as typeof StatusError, value);
}

/** An error of one of our classes with exactly these fields, whatever the class's own constructor makes of its own. */
function make(kind: ErrorKind, code: status, details: string, init: StatusErrorInit): StatusError {
  if (kind === 'StatusError') return new StatusError(code, details, init);
  const args: ConstructorParameters<typeof StatusError> = [code, details, init];
  const type = kind === 'ValidationError' ? ValidationError : BusinessError;
  const error = Reflect.construct<typeof args, StatusError>(StatusError, args, type);
  // V8 leaves out the frames above the class's constructor, which never ran.
  Error.captureStackTrace(error, make);
  return error;
}

function fittingKind({ code, details, errorDetails }: StatusFacts): ErrorKind {
  const has = (type: ErrorDetailType): boolean => errorDetails.some((detail) => detail.type === type);
  if (code === status.INVALID_ARGUMENT && has('badRequest') && !isBusinessText(details)) return 'ValidationError';
  return has('errorInfo') ? 'BusinessError' : 'StatusError';
}

function detailOf<T extends ErrorDetailType>(error: StatusError, type: T): ErrorDetailOf<T> | undefined {
  return error.errorDetails.find((detail) => detail.type === type) as ErrorDetailOf<T> | undefined;
}
