/** What a parameter of a catalogue's message may be: it comes back with this type. */
export type ErrorParameter = string | number | boolean | bigint;

/**
 * Parameters as the metadata of an ErrorInfo, whose values are texts. Programs in other languages read them as they
 * are: 7 is `7`, true is `true`, 'red' is `red`; a text that would be taken for one of the others is quoted, as JSON
 * does. Undefined ones are left out.
 */
export function encodeParameters(parameters: object | undefined): Record<string, string> {
  const given = Object.entries(parameters ?? {}).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, encode(value)]));
}

/** The parameters again, with their types. */
export function decodeParameters(metadata: Readonly<Record<string, string>>): Record<string, ErrorParameter> {
  return Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, decode(text)]));
}

function encode(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  return typeof value === 'string' && decode(text) !== text ? JSON.stringify(text) : text;
}

function decode(text: string): ErrorParameter {
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === '-0' || String(Number(text)) === text) return Number(text);
  if (/^-?\d+n$/.test(text)) return BigInt(text.slice(0, -1));
  return text.startsWith('"') ? unquoted(text) : text;
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}
