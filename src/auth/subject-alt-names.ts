/** The names of a certificate that count as identities. */
export interface SubjectAltNames {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  /** A URI or DNS name is not one that an honest authority would certify, or the text cannot be read to its end. */
  readonly malformed: boolean;
}

/** One entry: `DNS:shop.example`, or `URI:"…"` as JSON where the value could be mistaken for several. */
const ENTRY = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy;

/**
 * Reads Node's text of the subject alternative names. Node quotes a value that holds a comma or a quote
 * (CVE-2021-44532 came of texts like `DNS:a, DNS:b` in one name). No honest name needs that, so such a certificate is
 * malformed, whatever its other names are.
 */
export function subjectAltNames(text = ''): SubjectAltNames {
  const uris: string[] = [];
  const dnsNames: string[] = [];
  let malformed = false;
  let end = 0;
  for (const [entry, type, value = ''] of text.matchAll(ENTRY)) {
    end += entry.length;
    if (type !== 'URI' && type !== 'DNS') continue;
    if (!(type === 'URI' ? isPlain(value) : isDnsName(value))) malformed = true;
    else (type === 'URI' ? uris : dnsNames).push(value);
  }
  return end === text.length ? { uris, dnsNames, malformed } : { uris: [], dnsNames: [], malformed: true };
}

/** Letters, digits, hyphens, dots, and what wildcards and service records add: never a URI. */
const isDnsName = (value: string): boolean => /^[\w*.-]+$/.test(value);

/** Printable, without quotes or spaces: safe to compare and to log. */
export const isPlain = (value: string): boolean => /^[\x21\x23-\x7e]+$/.test(value);
