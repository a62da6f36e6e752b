/** The names of a certificate that count as identities. */
export interface SubjectAltNames {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
}

/** One entry: `DNS:shop.example`, or `URI:"…"` as JSON where the value could be mistaken for several. */
const ENTRY = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy;

/**
 * Reads Node's text of the subject alternative names. Node quotes a value that holds a comma or a quote
 * (CVE-2021-44532 came of texts like `DNS:a, DNS:b` in one name); no honest name needs that, so a quoted one counts as
 * none, and a text that cannot be read to its end as no names at all.
 */
export function subjectAltNames(text: string | undefined): SubjectAltNames {
  const uris: string[] = [];
  const dnsNames: string[] = [];
  let end = 0;
  for (const [entry, type, value = ''] of (text ?? '').matchAll(ENTRY)) {
    end += entry.length;
    if (!isPlain(value)) continue;
    if (type === 'URI') uris.push(value);
    else if (type === 'DNS') dnsNames.push(value);
  }
  return end === (text ?? '').length ? { uris, dnsNames } : { uris: [], dnsNames: [] };
}

/** Printable, without quotes or spaces: safe to compare and to log. */
export const isPlain = (value: string): boolean => /^[\x21\x23-\x7e]+$/.test(value);
