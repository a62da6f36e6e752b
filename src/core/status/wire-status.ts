import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { hpackSize } from './hpack-size.js';
import { isMetadata } from './is-metadata.js';
import { noteBare } from './status-origin.js';

/** A status as handlers and interceptors hand it to grpc-js. */
export interface OutgoingStatus {
  readonly code?: unknown;
  readonly details?: unknown;
  readonly metadata?: Metadata | null;
}

/** Bytes of percent-encoded text of an error of ours: peers commonly accept 8 KiB of trailers in all. */
const MAX_TEXT = 2048;

/**
 * Bytes of one encoded header value: nghttp2 fails the header block of a longer one, and grpc-js then hangs the call
 * and the next one of its connection (measured on Node 20: 65,536 pass, 65,537 hang).
 */
const MAX_VALUE = 65_536;

/**
 * Bytes of all headers of a block: nghttp2 closes the connection at more than eight CONTINUATION frames of 16 KiB behind
 * the first (measured: 147,000 pass), less what the status and the names of the headers take.
 */
const MAX_BLOCK = 140_000;

/** A character takes at most nine bytes when it is percent-encoded: text as short as this always fits. */
const SHORT = Math.floor(MAX_VALUE / 9);

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
 * The status in a form that grpc-js can send without throwing or hanging its connection; everything else about it stays
 * as it was given: any integer as its code, long texts, large trailers.
 */
export function wireStatus(given: OutgoingStatus): StatusObject {
  const code = Number.isInteger(given.code) ? (given.code as status) : status.UNKNOWN;
  const details = wireText(given.details);
  if (isMetadata(given.metadata)) return { code, details, metadata: wireHeaders(given.metadata) };
  const metadata = new Metadata();
  if (code !== status.OK) noteBare(metadata);
  return { code, details, metadata };
}

/** One of gRPC's codes, 0 to 16: a database's 11000 is not. */
export function isStatusCode(code: unknown): code is status {
  return typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 16;
}

/** Whether a hook returned a status; anything else it may have returned does not count. */
export function isStatus(value: unknown): value is StatusObject {
  return typeof value === 'object' && value !== null && Number.isInteger((value as StatusObject).code);
}

/** Text that `encodeURI` accepts (it throws on lone surrogates) and that HTTP/2 can carry; longer text is cut. */
export function wireText(details: unknown): string {
  const text = wellFormed(details);
  if (text.length <= SHORT || hpackSize(encodeURI(text)) <= MAX_VALUE) return text;
  warnOfCut('a status text');
  return cut(text, MAX_VALUE, hpackSize);
}

/** Text of an error of ours: the same, cut to 2 KiB. */
export function shortText(details: unknown): string {
  const text = wellFormed(details);
  if (text.length * 9 <= MAX_TEXT) return text;
  if (text.length <= MAX_TEXT && encodeURI(text).length <= MAX_TEXT) return text;
  return cut(text.slice(0, MAX_TEXT), MAX_TEXT, (encoded) => encoded.length);
}

function wellFormed(details: unknown): string {
  const text = typeof details === 'string' ? details : '';
  return text.isWellFormed() ? text : text.toWellFormed();
}

/** As much of the text as fits, and an ellipsis. */
function cut(text: string, limit: number, size: (encoded: string) => number): string {
  let end = Math.min(text.length, limit * 2);
  while (size(encodeURI(text.slice(0, end).toWellFormed())) > limit - 9) end = Math.floor(end * 0.95);
  return `${text.slice(0, end).toWellFormed()}…`;
}

/**
 * Headers or trailers without those on which Node's HTTP/2 throws or hangs, the largest first: the object given, where
 * nothing has to go.
 */
export function wireHeaders(metadata: Metadata): Metadata {
  const entries = Object.entries(metadata.toJSON() as Record<string, (string | Buffer)[]>);
  if (entries.length === 0) return metadata;
  const forbidden = entries.filter(([key]) => FORBIDDEN.has(key)).map(([key]) => key);
  const large = entries.some(([, values]) => values.some((value) => value.length > SHORT)) || entries.length > 16;
  const excess = large ? excessOf(entries) : [];
  if (forbidden.length === 0 && excess.length === 0) return metadata;

  if (excess.length > 0) warnOfCut(`metadata (${excess.join(', ')})`);
  const allowed = metadata.clone();
  for (const key of [...forbidden, ...excess]) allowed.remove(key);
  return allowed;
}

/** The keys that have to go so that the rest can be sent. */
function excessOf(entries: readonly (readonly [string, readonly (string | Buffer)[]])[]): string[] {
  const sizes = entries.map(([key, values]) => ({ key, ...sizeOf(key, values) }));
  const excess = sizes.filter(({ largest }) => largest > MAX_VALUE);
  const rest = sizes.filter(({ largest }) => largest <= MAX_VALUE).sort((a, b) => b.total - a.total);
  let total = rest.reduce((sum, each) => sum + each.total, 0);
  for (const each of rest) {
    if (total <= MAX_BLOCK) break;
    excess.push(each);
    total -= each.total;
  }
  return excess.map(({ key }) => key);
}

/** Bytes of a header's values as they are sent: binary ones in base64; names and lengths are counted whole. */
function sizeOf(key: string, values: readonly (string | Buffer)[]): { total: number; largest: number } {
  const sizes = values.map((value) => hpackSize(typeof value === 'string' ? value : value.toString('base64')));
  return { total: sizes.reduce((sum, size) => sum + size + key.length + 8, 0), largest: Math.max(0, ...sizes) };
}

let warned = false;

/** The operator is told once: a client that cannot be sent everything is a fault of the service's design. */
function warnOfCut(what: string): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    `${what} is larger than HTTP/2 can carry on one connection with grpc-js, and was cut or left out; later cuts are not reported`,
    { code: 'GRPC_JS_MIDDLEWARE_CUT' },
  );
}
