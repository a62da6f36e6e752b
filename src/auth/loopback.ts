import { isIPv4, isIPv6 } from 'node:net';

/**
 * Whether a host name or address is surely this machine: `localhost`, which RFC 6761, section 6.3, reserves and
 * operating systems resolve by themselves, and the addresses of RFC 1122, section 3.2.1.3, and RFC 4291, section 2.5.3.
 * Names below `localhost`, and one with a dot at its end, may be asked of a DNS server, which may give any address.
 */
export function isLoopbackHost(host: string): boolean {
  return host.toLowerCase() === 'localhost' || isLoopbackAddress(host);
}

/** Whether a text is an address of the loopback interface. */
export function isLoopbackAddress(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIPv4(address)) return address.startsWith('127.');
  if (!isIPv6(address)) return false;
  const mapped = /^::ffff:(\d.*)$/.exec(address)?.[1];
  return mapped === undefined ? /^(?:0{0,4}:)+0{0,3}1$/.test(address) : isLoopbackAddress(mapped);
}
