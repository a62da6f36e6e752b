import { splitHostPort, type SubchannelAddress } from './experimental.js';

/** What an address has to look like, for errors. */
export const addressForm = "'host:port' or '[ipv6]:port'";

/** Reads `host:port` or `[ipv6]:port`; undefined for anything else, a missing port included. */
export function parseAddress(text: unknown): SubchannelAddress | undefined {
  if (typeof text !== 'string' || /\s/.test(text)) return undefined;
  const parsed = splitHostPort(text);
  if (parsed === null || parsed.host === '' || parsed.port === undefined) return undefined;
  return parsed.port >= 1 && parsed.port <= 65_535 ? { host: parsed.host, port: parsed.port } : undefined;
}

/** Writes an address the way {@link parseAddress} reads it. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Addresses read from a list, without repetitions, and the entries that are none. */
export interface ReadAddresses {
  readonly addresses: readonly SubchannelAddress[];
  readonly refused: readonly unknown[];
}

/** Reads a list that came from outside. */
export function readAddresses(list: Iterable<unknown>): ReadAddresses {
  const refused: unknown[] = [];
  const addresses = [...new Set(list)].flatMap((text) => {
    const address = parseAddress(text);
    if (address === undefined) refused.push(text);
    return address ?? [];
  });
  return { addresses, refused };
}
