/** A host with its port, or a path without one. */
export interface NetworkAddress {
  readonly address: string;
  readonly port?: number;
}

/** The longest address that a span takes: a client chooses its `:authority`. RFC 1035 allows names of 255. */
const MAX_LENGTH = 255;

/** Few in any honest process; a client that sends a new `:authority` with each call must not fill the memory. */
const MAX_CACHED = 500;

/**
 * The host and port of an `:authority` or of a peer: `shop.example:443`, `[::1]:443`, `10.0.0.7:5005`, and `::1:5005` as
 * the server's context writes it.
 */
export const hostAndPort = cached((text: string): NetworkAddress => {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(text);
  if (bracketed !== null) return addressOf(bracketed[1]!, bracketed[2]);
  const colon = text.lastIndexOf(':');
  const port = text.slice(colon + 1);
  return colon > 0 && /^\d{1,5}$/.test(port) ? addressOf(text.slice(0, colon), port) : addressOf(text);
});

/**
 * The server that a channel's target names, as it was configured and never the peer in fact: `dns:///shop.example:443`,
 * `dns://8.8.8.8/shop.example:443` and `shop.example:443` give the host and its port; a path or a name of another
 * resolver stands for itself; what names several addresses, or cannot be read, stays whole.
 */
export const serverOfTarget = cached((target: string): NetworkAddress => {
  // A scheme, unless what follows is only a port; perhaps an authority; the path.
  const [, scheme, path] = /^(?:([A-Za-z][A-Za-z0-9+.-]*):(?!\d+$))?(?:\/\/[^/]*(?=\/))?(.+)$/.exec(target) ?? [];
  if (path === undefined || path.includes(',')) return addressOf(target);
  if (scheme === 'unix' || scheme === 'unix-abstract') return addressOf(path);
  return hostAndPort(path.startsWith('/') ? path.slice(1) : path);
});

/** Adds an address to attributes under the two names given. */
export function addAddress(
  attributes: Record<string, unknown>,
  from: NetworkAddress,
  address: string,
  port: string,
): void {
  attributes[address] = from.address;
  if (from.port !== undefined) attributes[port] = from.port;
}

function addressOf(host: string, port?: string): NetworkAddress {
  const address = host.slice(0, MAX_LENGTH);
  return port === undefined ? { address } : { address, port: Number(port) };
}

function cached<T>(parse: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size >= MAX_CACHED) known.clear();
    const parsed = parse(text);
    if (text.length <= MAX_LENGTH) known.set(text, parsed);
    return parsed;
  };
}
