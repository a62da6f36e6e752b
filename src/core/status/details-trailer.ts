import type { Metadata } from '@grpc/grpc-js';
import { Status } from '../../gen/google/rpc/status.js';
import { bufferOf, decodeDetails, encodeDetail, type EncodedDetail } from './details-codec.js';
import type { ErrorDetail, ErrorDetailOf, FieldViolation } from './details.js';

/** The trailer that carries a serialised google.rpc.Status. */
const DETAILS_KEY = 'grpc-status-details-bin';

/**
 * Bytes of a serialised google.rpc.Status. Peers commonly accept 8 KiB of trailers in all, and grpc-js itself hangs
 * the connection beyond 60 KB.
 */
const MAX_BYTES = 5500;

/** What peers accept, less other headers of a Trailers-Only answer, in bytes as sent. */
const TRAILER_BUDGET = 8192 - 400;

/** Bytes of tags and lengths around a detail, or around the text, at most. */
const ENTRY_OVERHEAD = 16;

/** The same, and the type URL, for a BadRequest. */
const BAD_REQUEST_OVERHEAD = ENTRY_OVERHEAD + 48;

/** What can be told of an error in one trailer. */
export interface RichStatus {
  readonly code: number;
  readonly details: string;
  readonly errorDetails: readonly ErrorDetail[];
}

/**
 * Sets the details trailer, whose code and text equal those outside, as some peers insist. Details that are too large
 * together are reduced: DebugInfo goes first, then always the largest, of which a BadRequest loses violations rather
 * than all, and an ErrorInfo its metadata rather than its reason.
 */
export function setDetailsTrailer(metadata: Metadata, status: RichStatus): void {
  const budget = Math.min(MAX_BYTES, Math.floor(((TRAILER_BUDGET - encodeURI(status.details).length) * 3) / 4));
  const bytes = encodeWithin(status, budget);
  if (bytes !== undefined) metadata.set(DETAILS_KEY, bytes);
}

/** The details in these trailers; none when there are none, or garbage. */
export function detailsInTrailers(metadata: Metadata): ErrorDetail[] {
  const [value] = metadata.get(DETAILS_KEY);
  return value instanceof Uint8Array ? decodeDetails(value) : [];
}

interface Entry {
  readonly detail: ErrorDetail;
  readonly encoded: EncodedDetail;
  /** Bytes that it takes in a google.rpc.Status, at most. */
  readonly size: number;
}

function encodeWithin({ code, details, errorDetails }: RichStatus, budget: number): Buffer | undefined {
  let entries = errorDetails
    .map(withinReason)
    .map(entryOf)
    .filter((entry) => entry !== undefined);
  let excess = ENTRY_OVERHEAD + Buffer.byteLength(details) - budget;
  for (const { size } of entries) excess += size;
  while (excess > 0 && entries.length > 0) {
    const index = firstToReduce(entries);
    const smaller = reduced(entries[index]!, excess);
    excess -= entries[index]!.size - (smaller?.size ?? 0);
    entries = smaller === undefined ? entries.toSpliced(index, 1) : entries.with(index, smaller);
  }
  if (entries.length === 0) return undefined;
  return bufferOf(Status.encode({ code, message: details, details: entries.map(({ encoded }) => encoded) }).finish());
}

/** Spares us from encoding what cannot fit, as a violation takes two bytes at least. */
function withinReason(detail: ErrorDetail): ErrorDetail {
  if (detail.type !== 'badRequest' || detail.fieldViolations.length <= MAX_BYTES / 2) return detail;
  return { ...detail, fieldViolations: detail.fieldViolations.slice(0, MAX_BYTES / 2) };
}

function entryOf(detail: ErrorDetail): Entry | undefined {
  const encoded = encodeDetail(detail);
  if (encoded === undefined) return undefined;
  return { detail, encoded, size: encoded.value.length + encoded.typeUrl.length + ENTRY_OVERHEAD };
}

function firstToReduce(entries: readonly Entry[]): number {
  const debug = entries.findIndex(({ detail }) => detail.type === 'debugInfo');
  if (debug >= 0) return debug;
  return entries.reduce((largest, { size }, index) => (size > entries[largest]!.size ? index : largest), 0);
}

/** A smaller form of a detail, or nothing: then it is dropped. */
function reduced({ detail, size }: Entry, excess: number): Entry | undefined {
  if (detail.type === 'badRequest') return fewerViolations(detail, size - excess);
  if (detail.type === 'errorInfo' && Object.keys(detail.metadata).length > 0)
    return entryOf({ ...detail, metadata: {} });
  return undefined;
}

/** As many violations, from the first, as fit; of the first at least a shortened form. */
function fewerViolations(detail: ErrorDetailOf<'badRequest'>, room: number): Entry | undefined {
  const [first] = detail.fieldViolations;
  if (first === undefined) return undefined;
  let left = room - BAD_REQUEST_OVERHEAD;
  // What does not fit any more ends the search: the request that caused these violations may have millions.
  const end = detail.fieldViolations.findIndex((violation) => (left -= sizeOfViolation(violation)) < 0);
  const kept = end > 0 ? detail.fieldViolations.slice(0, end) : [shortened(first)];
  const entry = entryOf({ ...detail, fieldViolations: kept });
  return entry !== undefined && entry.size <= room ? entry : undefined;
}

function sizeOfViolation(violation: FieldViolation): number {
  return encodeDetail({ type: 'badRequest', fieldViolations: [violation] })?.value.length ?? 0;
}

function shortened({ field, description }: FieldViolation): FieldViolation {
  return { field: field.slice(0, 200).toWellFormed(), description: `${description.slice(0, 200).toWellFormed()}…` };
}
