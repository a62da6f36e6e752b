import { isLoopbackHost } from './loopback.js';

const answers = new Map<string, boolean>();

/**
 * Whether a channel's target is certainly this machine: a Unix socket, a loopback address, or localhost. Of a target
 * that some resolver of the application's understands, nobody can tell here, so it is not.
 */
export function isLocalTarget(target: string): boolean {
  let local = answers.get(target);
  if (local === undefined) {
    local = /^unix(-abstract)?:/.test(target) || hostsOf(target).every(isLoopbackHost);
    if (answers.size < 1_000) answers.set(target, local);
  }
  return local;
}

/** The host names and addresses of a gRPC target (grpc/doc/naming.md); one that is no host for a foreign scheme. */
function hostsOf(target: string): readonly string[] {
  const [, scheme, rest] = /^(dns|ipv4|ipv6):(?:\/\/[^/]*\/)?(.*)$/.exec(target) ?? [undefined, 'dns', target];
  const addresses = scheme === 'dns' ? [rest] : rest.split(',');
  return addresses.map(hostOf);
}

/** Without its port. An IPv6 address has several colons, and brackets when a port follows. */
function hostOf(address: string): string {
  const bracketed = /^(\[[^\]]*\])(:\d+)?$/.exec(address);
  if (bracketed !== null) return bracketed[1]!;
  return address.indexOf(':') === address.lastIndexOf(':') ? address.replace(/:\d+$/, '') : address;
}
