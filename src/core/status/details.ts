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
  /** Tells it from other details. */
  readonly type: 'badRequest';
  /** Every wrong field. */
  readonly fieldViolations: readonly FieldViolation[];
}

/** One field of the request, and what is wrong with it. */
export interface FieldViolation {
  /** A path in the request, as its proto names the fields: `items[0].product_id`. */
  readonly field: string;
  /** What is wrong with it, for developers. */
  readonly description: string;
  /** UPPER_SNAKE_CASE, for programs. */
  readonly reason?: string;
  /** The description for users, in their language. */
  readonly localizedMessage?: LocalizedText;
}

/** For developers only: it is the first to go when an error is too large, and has no place across trust boundaries. */
export interface DebugInfoDetail {
  /** Tells it from other details. */
  readonly type: 'debugInfo';
  /** The stack, innermost first. */
  readonly stackEntries: readonly string[];
  /** Anything else. */
  readonly detail: string;
}

/** Why it failed, in a form that a program can branch on. */
export interface ErrorInfoDetail {
  /** Tells it from other details. */
  readonly type: 'errorInfo';
  /** UPPER_SNAKE_CASE, at most 63 characters, unique within the domain. */
  readonly reason: string;
  /** Whose reasons these are: a service or product name. */
  readonly domain: string;
  /** What the text says in words, for programs: keys in lowerCamelCase. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Where to read on. */
export interface HelpDetail {
  /** Tells it from other details. */
  readonly type: 'help';
  /** The pages. */
  readonly links: readonly HelpLink[];
}

/** A page to read on. */
export interface HelpLink {
  /** What it offers. */
  readonly description: string;
  /** Where it is. */
  readonly url: string;
}

/** Text for users, in their language. */
export interface LocalizedMessageDetail extends LocalizedText {
  /** Tells it from other details. */
  readonly type: 'localizedMessage';
}

/** A text for users, in one language. */
export interface LocalizedText {
  /** BCP 47, such as `de-CH`. */
  readonly locale: string;
  /** The text. */
  readonly message: string;
}

/** What has to hold before the call can succeed. */
export interface PreconditionFailureDetail {
  /** Tells it from other details. */
  readonly type: 'preconditionFailure';
  /** Everything that does not hold. */
  readonly violations: readonly PreconditionViolation[];
}

/** One thing that has to hold first, and does not. */
export interface PreconditionViolation {
  /** The kind of precondition, such as `TERMS_OF_SERVICE`. */
  readonly type: string;
  /** On what it failed, relative to the kind: `shop.example/terms`. */
  readonly subject: string;
  /** How to make it hold, for developers. */
  readonly description: string;
}

/** Which quotas were exceeded. */
export interface QuotaFailureDetail {
  /** Tells it from other details. */
  readonly type: 'quotaFailure';
  /** Every quota that was exceeded. */
  readonly violations: readonly QuotaViolation[];
}

/**
 * Quota values are int64 on the wire and numbers here, so that an error can be printed as JSON: beyond 2^53 they are
 * rounded.
 */
export interface QuotaViolation {
  /** On what the quota is counted, such as `client:10.0.0.7`. */
  readonly subject: string;
  /** What was exceeded, and how to get more, for developers. */
  readonly description: string;
  /** The service whose quota it is, where it is not the one that was called. Absent: unknown. */
  readonly apiService?: string;
  /** What is counted, such as `shop.example/orders`. Absent: unknown. */
  readonly quotaMetric?: string;
  /** The limit within the metric, such as `OrdersPerDay`. Absent: unknown. */
  readonly quotaId?: string;
  /** For what the limit holds, such as `{ region: "eu" }`. Absent: for everything. */
  readonly quotaDimensions?: Readonly<Record<string, string>>;
  /** The limit at the time of the failure. */
  readonly quotaValue?: number;
  /** The limit that is being rolled out. */
  readonly futureQuotaValue?: number;
}

/** How support finds this call in the logs. */
export interface RequestInfoDetail {
  /** Tells it from other details. */
  readonly type: 'requestInfo';
  /** Names the call in the server's logs. */
  readonly requestId: string;
  /** Anything else that helps to find it, such as an encrypted stack. */
  readonly servingData: string;
}

/** Which resource was meant. */
export interface ResourceInfoDetail {
  /** Tells it from other details. */
  readonly type: 'resourceInfo';
  /** What kind of thing it is, such as `product`. */
  readonly resourceType: string;
  /** Its name, or its id. */
  readonly resourceName: string;
  /** Whose it is, such as `user:7`; `''` when nobody's. */
  readonly owner: string;
  /** What went wrong with it, for developers. */
  readonly description: string;
}

/** When to try again. */
export interface RetryInfoDetail {
  /** Tells it from other details. */
  readonly type: 'retryInfo';
  /** How long to wait at least, in milliseconds. */
  readonly retryDelayMs: number;
}

/** The fields of a detail, of which only those named must be given; the others are empty. */
type Fields<D extends ErrorDetail, Required extends keyof D> = Pick<D, Required> & Partial<Omit<D, Required | 'type'>>;

/**
 * Makes details of errors: the ten messages of google/rpc/error_details.proto.
 *
 * @example
 * new StatusError(status.UNAVAILABLE, 'Try again later', {
 *   errorDetails: [errorDetail.retryInfo({ retryDelayMs: 1500 })],
 * });
 */
export const errorDetail = {
  /** Which fields of the request are wrong. */
  badRequest: (fieldViolations: readonly FieldViolation[]): BadRequestDetail => ({
    type: 'badRequest',
    fieldViolations,
  }),
  /** For developers only: never across trust boundaries. */
  debugInfo: (fields: Fields<DebugInfoDetail, never>): DebugInfoDetail => ({
    stackEntries: [],
    detail: '',
    ...fields,
    type: 'debugInfo',
  }),
  /**
   * Why it failed, for programs. The domain is filled in by `errorServerInterceptor({ domain })` where it is not given.
   */
  errorInfo: (fields: Fields<ErrorInfoDetail, 'reason'>): ErrorInfoDetail => ({
    domain: '',
    metadata: {},
    ...fields,
    type: 'errorInfo',
  }),
  /** Where to read on. */
  help: (links: readonly HelpLink[]): HelpDetail => ({ type: 'help', links }),
  /** A text for users, in their language. */
  localizedMessage: (fields: LocalizedText): LocalizedMessageDetail => ({ ...fields, type: 'localizedMessage' }),
  /** What has to hold first. */
  preconditionFailure: (violations: readonly PreconditionViolation[]): PreconditionFailureDetail => ({
    type: 'preconditionFailure',
    violations,
  }),
  /** Which quotas were exceeded. */
  quotaFailure: (violations: readonly QuotaViolation[]): QuotaFailureDetail => ({ type: 'quotaFailure', violations }),
  /** How support finds the call in the logs. */
  requestInfo: (fields: Fields<RequestInfoDetail, 'requestId'>): RequestInfoDetail => ({
    servingData: '',
    ...fields,
    type: 'requestInfo',
  }),
  /** Which resource was meant. */
  resourceInfo: (fields: Fields<ResourceInfoDetail, 'resourceType' | 'resourceName'>): ResourceInfoDetail => ({
    owner: '',
    description: '',
    ...fields,
    type: 'resourceInfo',
  }),
  /** When to try again; a retry interceptor waits that long. */
  retryInfo: (fields: Fields<RetryInfoDetail, 'retryDelayMs'>): RetryInfoDetail => ({ ...fields, type: 'retryInfo' }),
} as const;
