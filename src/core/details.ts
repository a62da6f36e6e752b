import { StatusError } from './status-error.js';

/**
 * What a program can act on in an error: the ten standard details of google.rpc, told apart by `type`. Field names are
 * the specification's, in camelCase. Made with {@link errorDetail}, found with `findDetail`.
 */
export type ErrorDetail =
  | BadRequestDetail
  | DebugInfoDetail
  | ErrorInfoDetail
  | HelpDetail
  | LocalizedMessageDetail
  | PreconditionFailureDetail
  | QuotaFailureDetail
  | RequestInfoDetail
  | ResourceInfoDetail
  | RetryInfoDetail;

/** The `type` of each detail. */
export type ErrorDetailType = ErrorDetail['type'];

/** The detail of one type, such as `ErrorDetailOf<'retryInfo'>`. */
export type ErrorDetailOf<T extends ErrorDetailType> = Extract<ErrorDetail, { readonly type: T }>;

/** Which fields of the request are wrong. */
export interface BadRequestDetail {
  readonly type: 'badRequest';
  readonly fieldViolations: readonly FieldViolation[];
}

/** One field of the request, and what is wrong with it. */
export interface FieldViolation {
  /** A path in the request, as its proto names the fields: `items[0].product_id`. */
  readonly field: string;
  readonly description: string;
  /** UPPER_SNAKE_CASE, for programs. */
  readonly reason?: string;
  /** The description for users, in their language. */
  readonly localizedMessage?: LocalizedText;
}

/** For developers only: it is the first to go when an error is too large, and has no place across trust boundaries. */
export interface DebugInfoDetail {
  readonly type: 'debugInfo';
  readonly stackEntries: readonly string[];
  readonly detail: string;
}

/** Why it failed, in a form that a program can branch on. */
export interface ErrorInfoDetail {
  readonly type: 'errorInfo';
  /** UPPER_SNAKE_CASE, at most 63 characters, unique within the domain. */
  readonly reason: string;
  /** Whose reasons these are: a service or product name. */
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Where to read on. */
export interface HelpDetail {
  readonly type: 'help';
  readonly links: readonly HelpLink[];
}

/** A page to read on. */
export interface HelpLink {
  readonly description: string;
  readonly url: string;
}

/** Text for users, in their language. */
export interface LocalizedMessageDetail extends LocalizedText {
  readonly type: 'localizedMessage';
}

/** A text for users, in one language. */
export interface LocalizedText {
  /** BCP 47, such as `de-CH`. */
  readonly locale: string;
  readonly message: string;
}

/** What has to hold before the call can succeed. */
export interface PreconditionFailureDetail {
  readonly type: 'preconditionFailure';
  readonly violations: readonly PreconditionViolation[];
}

/** One thing that has to hold first, and does not. */
export interface PreconditionViolation {
  /** The kind of precondition, such as `TERMS_OF_SERVICE`. */
  readonly type: string;
  readonly subject: string;
  readonly description: string;
}

/** Which quotas were exceeded. */
export interface QuotaFailureDetail {
  readonly type: 'quotaFailure';
  readonly violations: readonly QuotaViolation[];
}

/**
 * Quota values are int64 on the wire and numbers here, so that an error can be printed as JSON: beyond 2^53 they are
 * rounded.
 */
export interface QuotaViolation {
  /** On what the quota is counted, such as `client:10.0.0.7`. */
  readonly subject: string;
  readonly description: string;
  readonly apiService?: string;
  readonly quotaMetric?: string;
  readonly quotaId?: string;
  readonly quotaDimensions?: Readonly<Record<string, string>>;
  /** The limit at the time of the failure. */
  readonly quotaValue?: number;
  /** The limit that is being rolled out. */
  readonly futureQuotaValue?: number;
}

/** How support finds this call in the logs. */
export interface RequestInfoDetail {
  readonly type: 'requestInfo';
  readonly requestId: string;
  readonly servingData: string;
}

/** Which resource was meant. */
export interface ResourceInfoDetail {
  readonly type: 'resourceInfo';
  readonly resourceType: string;
  readonly resourceName: string;
  readonly owner: string;
  readonly description: string;
}

/** When to try again. */
export interface RetryInfoDetail {
  readonly type: 'retryInfo';
  readonly retryDelayMs: number;
}

/** The fields of a detail, of which only those named must be given; the others are empty. */
type Fields<D extends ErrorDetail, Required extends keyof D> = Pick<D, Required> & Partial<Omit<D, Required | 'type'>>;

/**
 * Makes details of errors.
 *
 * @example
 * new StatusError(status.UNAVAILABLE, 'Try again later', {
 *   errorDetails: [errorDetail.retryInfo({ retryDelayMs: 1500 })],
 * });
 */
export const errorDetail = {
  badRequest: (fieldViolations: readonly FieldViolation[]): BadRequestDetail => ({
    type: 'badRequest',
    fieldViolations,
  }),
  debugInfo: (fields: Fields<DebugInfoDetail, never>): DebugInfoDetail => ({
    stackEntries: [],
    detail: '',
    ...fields,
    type: 'debugInfo',
  }),
  errorInfo: (fields: Fields<ErrorInfoDetail, 'reason'>): ErrorInfoDetail => ({
    domain: '',
    metadata: {},
    ...fields,
    type: 'errorInfo',
  }),
  help: (links: readonly HelpLink[]): HelpDetail => ({ type: 'help', links }),
  localizedMessage: (fields: LocalizedText): LocalizedMessageDetail => ({ ...fields, type: 'localizedMessage' }),
  preconditionFailure: (violations: readonly PreconditionViolation[]): PreconditionFailureDetail => ({
    type: 'preconditionFailure',
    violations,
  }),
  quotaFailure: (violations: readonly QuotaViolation[]): QuotaFailureDetail => ({ type: 'quotaFailure', violations }),
  requestInfo: (fields: Fields<RequestInfoDetail, 'requestId'>): RequestInfoDetail => ({
    servingData: '',
    ...fields,
    type: 'requestInfo',
  }),
  resourceInfo: (fields: Fields<ResourceInfoDetail, 'resourceType' | 'resourceName'>): ResourceInfoDetail => ({
    owner: '',
    description: '',
    ...fields,
    type: 'resourceInfo',
  }),
  retryInfo: (fields: Fields<RetryInfoDetail, 'retryDelayMs'>): RetryInfoDetail => ({ ...fields, type: 'retryInfo' }),
} as const;

/**
 * The first detail of one type in an error: in a {@link StatusError}, or in the error that a grpc-js client gives, whose
 * trailers are then decoded.
 *
 * @example
 * const delay = findDetail(error, 'retryInfo')?.retryDelayMs;
 */
export function findDetail<T extends ErrorDetailType>(error: unknown, type: T): ErrorDetailOf<T> | undefined {
  const found = StatusError.from(error).errorDetails.find((detail) => detail.type === type);
  return found as ErrorDetailOf<T> | undefined;
}
