import { deserialize, serialize } from 'node:v8';
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { snapshotOf } from './snapshot.js';

/** How a call ended for good: what every duplicate of it is answered. */
export interface IdempotencyOutcome {
  /** The gRPC status code. */
  readonly code: status;
  /** The text beside it. */
  readonly details: string;
  /** Trailers, those of error details included. */
  readonly trailers: Readonly<Record<string, readonly (string | Uint8Array)[]>>;
  /** The response, when `code` is OK. */
  readonly message?: unknown;
}

/**
 * An outcome as bytes, for a column of a database. By Node's own structured clone, which keeps dates, bytes, bigints and
 * maps. The classes of messages are lost: right for generators whose messages are plain objects (ts-proto, proto-loader),
 * not for those of google-protobuf.
 *
 * @throws Error when the message holds what cannot be cloned, such as functions.
 */
export function encodeOutcome(outcome: IdempotencyOutcome): Buffer {
  return serialize(outcome);
}

/**
 * The outcome that {@link encodeOutcome} made bytes of.
 *
 * @throws Error when the bytes are not such.
 */
export function decodeOutcome(bytes: Uint8Array): IdempotencyOutcome {
  return deserialize(bytes) as IdempotencyOutcome;
}

/** A response, as it is now. */
export function successOf(message: unknown, trailers: Metadata | undefined): IdempotencyOutcome {
  return { code: status.OK, details: 'OK', trailers: toRecord(trailers), message: snapshotOf(message) };
}

export function failureOf({ code, details, metadata }: StatusObject): IdempotencyOutcome {
  return { code, details, trailers: toRecord(metadata) };
}

/** The status to answer with. */
export function statusOf({ code, details, trailers }: IdempotencyOutcome): StatusObject {
  const metadata = new Metadata();
  for (const [key, values] of Object.entries(trailers)) {
    for (const value of values) metadata.add(key, typeof value === 'string' ? value : Buffer.from(value));
  }
  return { code, details, metadata };
}

/** Whether a store answered with something that can be replayed. */
export function isOutcome(value: unknown): value is IdempotencyOutcome {
  if (typeof value !== 'object' || value === null) return false;
  const { code, details, trailers } = value as Record<string, unknown>;
  if (typeof code !== 'number' || status[code] === undefined || typeof details !== 'string') return false;
  return typeof trailers === 'object' && trailers !== null && Object.values(trailers).every(isTrailer);
}

const isTrailer = (values: unknown): boolean =>
  Array.isArray(values) && values.every((value) => typeof value === 'string' || value instanceof Uint8Array);

const toRecord = (trailers: Metadata | undefined): Record<string, (string | Uint8Array)[]> => trailers?.toJSON() ?? {};
