import type { ErrorDetail, ErrorDetailOf, ErrorDetailType, QuotaViolation } from './details.js';
import type { Any } from '../../gen/google/protobuf/any.js';
import type { Duration } from '../../gen/google/protobuf/duration.js';
import * as wire from '../../gen/google/rpc/error_details.js';
import { Status } from '../../gen/google/rpc/status.js';

/** How one type of detail becomes bytes and comes back. */
interface DetailCodec<T extends ErrorDetailType> {
  readonly typeUrl: string;
  encode(detail: ErrorDetailOf<T>): Uint8Array;
  decode(bytes: Uint8Array): ErrorDetailOf<T>;
}

/** A detail as it stands in a google.rpc.Status. */
export interface EncodedDetail {
  readonly typeUrl: string;
  readonly value: Buffer;
}

/** What ts-proto generates for a message. Fields need not be given; what was decoded has all but those of messages. */
interface MessageFns<M> {
  encode(message: M): { finish(): Uint8Array };
  decode(bytes: Uint8Array): M;
}

/** The codec of a detail whose fields are those of its message, or become so by the functions given. */
function codecOf<T extends ErrorDetailType, M>(
  type: T,
  message: MessageFns<M>,
  toWire: (detail: ErrorDetailOf<T>) => M = (detail) => detail as M,
  fromWire: (message: M) => object = (decoded) => decoded as object,
): DetailCodec<T> {
  return {
    typeUrl: `type.googleapis.com/google.rpc.${type[0]!.toUpperCase()}${type.slice(1)}`,
    encode: (detail) => message.encode(withoutNothing(toWire(detail))).finish(),
    decode: (bytes) => ({ ...fromWire(message.decode(bytes)), type }) as unknown as ErrorDetailOf<T>,
  };
}

const codecs: { readonly [T in ErrorDetailType]: DetailCodec<T> } = {
  badRequest: codecOf('badRequest', wire.BadRequest, undefined, ({ fieldViolations = [] }) => ({
    fieldViolations: fieldViolations.map(({ field, description, ...optional }) => ({
      field,
      description,
      ...withoutEmpty(optional),
    })),
  })),
  debugInfo: codecOf('debugInfo', wire.DebugInfo),
  errorInfo: codecOf('errorInfo', wire.ErrorInfo),
  help: codecOf('help', wire.Help),
  localizedMessage: codecOf('localizedMessage', wire.LocalizedMessage),
  preconditionFailure: codecOf('preconditionFailure', wire.PreconditionFailure),
  quotaFailure: codecOf(
    'quotaFailure',
    wire.QuotaFailure,
    ({ violations }) => ({ violations: violations.map(toInt64s) }),
    ({ violations = [] }) => ({ violations: violations.map(fromInt64s) }),
  ),
  requestInfo: codecOf('requestInfo', wire.RequestInfo),
  resourceInfo: codecOf('resourceInfo', wire.ResourceInfo),
  retryInfo: codecOf(
    'retryInfo',
    wire.RetryInfo,
    ({ retryDelayMs }) => ({ retryDelay: duration(retryDelayMs) }),
    ({ retryDelay }) => ({ retryDelayMs: milliseconds(retryDelay) }),
  ),
};

const codecsByUrl = new Map(Object.values(codecs).map((each) => [each.typeUrl, each]));

/** One detail as it is sent; undefined when it is of no such type or shape. */
export function encodeDetail(detail: ErrorDetail): EncodedDetail | undefined {
  try {
    const codec = codecs[detail.type] as DetailCodec<ErrorDetailType>;
    return { typeUrl: codec.typeUrl, value: bufferOf(codec.encode(detail)) };
  } catch {
    return undefined;
  }
}

/**
 * The details in a `grpc-status-details-bin` trailer. Lenient, since it comes from outside: what cannot be read, or is
 * of a type beyond the ten, is left out.
 */
export function decodeDetails(bytes: Uint8Array): ErrorDetail[] {
  try {
    const { details = [] } = Status.decode(bytes);
    return details.map(decodeDetail).filter((detail) => detail !== undefined);
  } catch {
    return [];
  }
}

function decodeDetail({ typeUrl = '', value = Buffer.alloc(0) }: Any): ErrorDetail | undefined {
  try {
    return codecsByUrl.get(typeUrl)?.decode(value);
  } catch {
    return undefined;
  }
}

/** What is null or undefined, as JavaScript may leave it, is not there: the encoder would write it as text. */
function withoutNothing<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutNothing) as T;
  if (!isPlainObject(value)) return value;
  const present = Object.entries(value).filter(([, each]) => each !== undefined && each !== null);
  return Object.fromEntries(present.map(([name, each]) => [name, withoutNothing(each)])) as T;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Optional text is absent rather than empty: proto3 does not tell the two apart. */
function withoutEmpty<T extends object>(message: T): T {
  const present = Object.entries(message).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(present) as T;
}

function toInt64s(violation: QuotaViolation): wire.QuotaFailure_Violation {
  const { quotaValue, futureQuotaValue } = violation;
  return { ...violation, quotaValue: int64(quotaValue), futureQuotaValue: int64(futureQuotaValue) };
}

function fromInt64s(violation: wire.QuotaFailure_Violation): object {
  const { subject, description, quotaDimensions = {}, quotaValue, futureQuotaValue, ...texts } = violation;
  return {
    subject,
    description,
    ...withoutEmpty(texts),
    ...(Object.keys(quotaDimensions).length > 0 && { quotaDimensions }),
    ...(quotaValue !== 0n && { quotaValue: Number(quotaValue) }),
    ...(futureQuotaValue !== undefined && { futureQuotaValue: Number(futureQuotaValue) }),
  };
}

function int64(value: number | undefined): bigint | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  const bounded = Math.min(Math.max(value, -(2 ** 63)), 2 ** 63);
  const whole = BigInt(Math.trunc(bounded));
  return whole === 2n ** 63n ? whole - 1n : whole;
}

/** The longest span that google.protobuf.Duration allows: 10,000 years. */
const MAX_SECONDS = 315_576_000_000;

function duration(ms: number): Duration {
  const seconds = Math.min(Math.max(Number.isNaN(ms) ? 0 : ms / 1000, 0), MAX_SECONDS);
  const whole = Math.floor(seconds);
  return { seconds: BigInt(whole), nanos: whole === seconds ? 0 : Math.floor((ms - whole * 1000) * 1e6) };
}

function milliseconds(delay: Duration | undefined): number {
  return delay === undefined ? 0 : Math.max(0, Number(delay.seconds) * 1000 + (delay.nanos ?? 0) / 1e6);
}

/** The same bytes, not copied: they are the writer's gift. */
export function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
