import { Metadata, status, type StatusObject } from '@grpc/grpc-js';

/** A status as handlers and interceptors hand it to grpc-js. */
export interface OutgoingStatus {
  readonly code?: unknown;
  readonly details?: unknown;
  readonly metadata?: Metadata | null;
}

/** Bytes of percent-encoded text that `grpc-message` may take: peers commonly accept 8 KiB of trailers in all. */
const MAX_TEXT = 2048;

/**
 * Bytes of trailers beyond which grpc-js on Node hangs the call and everything after it on the connection (measured:
 * 60,000 pass, 61,000 hang), less what the rest of the block takes.
 */
const MAX_TRAILERS = 40_000;

/** HTTP/1 connection headers, on which Node's HTTP/2 throws, from an event nobody can catch. */
const FORBIDDEN = new Set([
  'connection',
  'upgrade',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
]);

/**
 * The status in a form that grpc-js can send without throwing, hanging or lying: a code of gRPC's seventeen, text that
 * is well-formed and short, trailers that fit.
 */
export function wireStatus(given: OutgoingStatus): StatusObject {
  const code = isStatusCode(given.code) ? given.code : status.UNKNOWN;
  const details = wireText(given.details);
  const metadata = given.metadata ?? new Metadata();
  return { code, details, metadata: metadata === given.metadata ? wireTrailers(metadata) : metadata };
}

/** One of gRPC's codes, 0 to 16: a database's 11000 is not. */
export function isStatusCode(code: unknown): code is status {
  return typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 16;
}

/** Whether a hook returned a status; anything else it may have returned does not count. */
export function isStatus(value: unknown): value is StatusObject {
  return typeof value === 'object' && value !== null && Number.isInteger((value as StatusObject).code);
}

/**
 * Text that `encodeURI` accepts (it throws on lone surrogates) and that fits the trailers.
 */
export function wireText(details: unknown): string {
  const text = typeof details === 'string' ? details : '';
  if (text.length * 9 <= MAX_TEXT) return text.isWellFormed() ? text : text.toWellFormed();
  const whole = text.slice(0, MAX_TEXT).toWellFormed();
  if (text.length <= MAX_TEXT && encodeURI(whole).length <= MAX_TEXT) return whole;
  let end = whole.length;
  while (encodeURI(whole.slice(0, end).toWellFormed()).length > MAX_TEXT - 9) end = Math.floor(end * 0.9);
  return `${whole.slice(0, end).toWellFormed()}…`;
}

/** Headers, or trailers, without those on which Node's HTTP/2 throws: the object given, where there is none. */
export function wireHeaders(metadata: Metadata): Metadata {
  const forbidden = Object.keys(metadata.toJSON()).filter((key) => FORBIDDEN.has(key));
  if (forbidden.length === 0) return metadata;
  const allowed = metadata.clone();
  for (const key of forbidden) allowed.remove(key);
  return allowed;
}

function wireTrailers(metadata: Metadata): Metadata {
  const entries = Object.entries(metadata.toJSON() as Record<string, (string | Buffer)[]>);
  if (entries.length === 0) return metadata;
  const forbidden = entries.filter(([key]) => FORBIDDEN.has(key)).map(([key]) => key);
  const sizes = entries.map(([key, values]) => ({ key, size: sizeOf(key, values) }));
  let total = sizes.reduce((sum, { size }) => sum + size, 0);
  if (forbidden.length === 0 && total <= MAX_TRAILERS) return metadata;

  const trimmed = metadata.clone();
  for (const key of forbidden) trimmed.remove(key);
  for (const { key, size } of sizes.sort((a, b) => b.size - a.size)) {
    if (total <= MAX_TRAILERS) break;
    trimmed.remove(key);
    total -= size;
  }
  return trimmed;
}

/** As HTTP/2 counts: name and value and 32, binary values in base64 (RFC 9113, section 6.5.2). */
function sizeOf(key: string, values: readonly (string | Buffer)[]): number {
  return values.reduce((sum, value) => sum + key.length + 32 + Math.ceil((value.length * 4) / 3), 0);
}
