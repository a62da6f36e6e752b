import type { ErrorDetail, ErrorDetailOf, ErrorDetailType } from './details.js';
import type { Any } from '../gen/google/protobuf/any.js';
import type { Duration } from '../gen/google/protobuf/duration.js';
import * as wire from '../gen/google/rpc/error_details.js';
import { Status } from '../gen/google/rpc/status.js';

const TYPE_URL = 'type.googleapis.com/google.rpc.';

/** How one type of detail becomes bytes and comes back. */
interface DetailCodec<T extends ErrorDetailType> {
  /** The message's name in google.rpc. */
  readonly name: string;
  encode(detail: ErrorDetailOf<T>): Uint8Array;
  decode(bytes: Uint8Array): ErrorDetailOf<T>;
}

const codecs: { readonly [T in ErrorDetailType]: DetailCodec<T> } = {
  badRequest: {
    name: 'BadRequest',
    encode: (detail) => wire.BadRequest.encode(wire.BadRequest.fromPartial(detail)).finish(),
    decode: (bytes) => ({
      type: 'badRequest',
      fieldViolations: wire.BadRequest.decode(bytes).fieldViolations.map(withoutEmpty),
    }),
  },
  debugInfo: {
    name: 'DebugInfo',
    encode: (detail) => wire.DebugInfo.encode(wire.DebugInfo.fromPartial(detail)).finish(),
    decode: (bytes) => ({ type: 'debugInfo', ...wire.DebugInfo.decode(bytes) }),
  },
  errorInfo: {
    name: 'ErrorInfo',
    encode: (detail) => wire.ErrorInfo.encode(wire.ErrorInfo.fromPartial(detail)).finish(),
    decode: (bytes) => ({ type: 'errorInfo', ...wire.ErrorInfo.decode(bytes) }),
  },
  help: {
    name: 'Help',
    encode: (detail) => wire.Help.encode(wire.Help.fromPartial(detail)).finish(),
    decode: (bytes) => ({ type: 'help', ...wire.Help.decode(bytes) }),
  },
  localizedMessage: {
    name: 'LocalizedMessage',
    encode: (detail) => wire.LocalizedMessage.encode(wire.LocalizedMessage.fromPartial(detail)).finish(),
    decode: (bytes) => ({ type: 'localizedMessage', ...wire.LocalizedMessage.decode(bytes) }),
  },
  preconditionFailure: {
    name: 'PreconditionFailure',
    encode: (detail) => wire.PreconditionFailure.encode(wire.PreconditionFailure.fromPartial(detail)).finish(),
    decode: (bytes) => ({ type: 'preconditionFailure', ...wire.PreconditionFailure.decode(bytes) }),
  },
  quotaFailure: {
    name: 'QuotaFailure',
    encode: ({ violations }) => {
      const asInt64 = violations.map((violation) => ({
        ...violation,
        quotaValue: int64(violation.quotaValue),
        futureQuotaValue: int64(violation.futureQuotaValue),
      }));
      return wire.QuotaFailure.encode(wire.QuotaFailure.fromPartial({ violations: asInt64 })).finish();
    },
    decode: (bytes) => ({
      type: 'quotaFailure',
      violations: wire.QuotaFailure.decode(bytes).violations.map(quotaViolation),
    }),
  },
  requestInfo: {
    name: 'RequestInfo',
    encode: (detail) => wire.RequestInfo.encode(wire.RequestInfo.fromPartial(detail)).finish(),
    decode: (bytes) => ({ type: 'requestInfo', ...wire.RequestInfo.decode(bytes) }),
  },
  resourceInfo: {
    name: 'ResourceInfo',
    encode: (detail) => wire.ResourceInfo.encode(wire.ResourceInfo.fromPartial(detail)).finish(),
    decode: (bytes) => ({ type: 'resourceInfo', ...wire.ResourceInfo.decode(bytes) }),
  },
  retryInfo: {
    name: 'RetryInfo',
    encode: ({ retryDelayMs }) => wire.RetryInfo.encode({ retryDelay: duration(retryDelayMs) }).finish(),
    decode: (bytes) => ({ type: 'retryInfo', retryDelayMs: milliseconds(wire.RetryInfo.decode(bytes).retryDelay) }),
  },
};

const codecsByUrl = new Map(Object.values(codecs).map((codec) => [TYPE_URL + codec.name, codec]));

/** One detail as it stands in a google.rpc.Status; undefined when it is of no such type or shape. */
export function encodeDetail(detail: ErrorDetail): Any | undefined {
  try {
    const codec = codecs[detail.type] as DetailCodec<ErrorDetailType>;
    return { typeUrl: TYPE_URL + codec.name, value: Buffer.from(codec.encode(detail)) };
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
    return Status.decode(bytes)
      .details.map(decodeDetail)
      .filter((detail) => detail !== undefined);
  } catch {
    return [];
  }
}

function decodeDetail({ typeUrl, value }: Any): ErrorDetail | undefined {
  try {
    return codecsByUrl.get(typeUrl)?.decode(value);
  } catch {
    return undefined;
  }
}

/** Optional text is absent rather than empty: proto3 does not tell the two apart. */
function withoutEmpty<T extends object>(message: T): T {
  const present = Object.entries(message).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(present) as T;
}

function quotaViolation(message: wire.QuotaFailure_Violation): ErrorDetailOf<'quotaFailure'>['violations'][number] {
  const { subject, description, quotaDimensions, quotaValue, futureQuotaValue, ...texts } = message;
  return {
    subject,
    description,
    ...withoutEmpty(texts),
    ...(Object.keys(quotaDimensions).length > 0 ? { quotaDimensions } : {}),
    ...(quotaValue !== 0n ? { quotaValue: Number(quotaValue) } : {}),
    ...(futureQuotaValue !== undefined ? { futureQuotaValue: Number(futureQuotaValue) } : {}),
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
  return delay === undefined ? 0 : Math.max(0, Number(delay.seconds) * 1000 + delay.nanos / 1e6);
}
