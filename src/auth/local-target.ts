import { isLoopbackAddress, isLoopbackHost } from './loopback.js';

const answers = new Map<string, boolean>();

/**
 * Whether a channel's target is certainly this machine: a Unix socket, a loopback address, or localhost. Of a target
 * that some resolver of the application's understands, nobody can tell here, so it is not.
 */
export function isLocalTarget(target: string): boolean {
  let local = answers.get(target);
  if (local === undefined) {
    local = /^unix(-abstract)?:/.test(target) || isLocalDns(target);
    if (answers.size < 1_000) answers.set(target, local);
  }
  return local;
}

/**
 * The hosts of a gRPC target (grpc/doc/naming.md). A name that a DNS server of the target's own choice, or grpc-js's
 * alternative resolver, is asked for may have any address.
 */
function isLocalDns(target: string): boolean {
  const [, scheme = 'dns', authority = '', rest = ''] =
    /^(?:(dns|ipv4|ipv6):(?:\/\/([^/]*)\/)?)?(.*)$/.exec(target) ?? [];
  const hosts = (scheme === 'dns' ? [rest] : rest.split(',')).map(hostOf);
  const asksServer = authority !== '' || process.env['GRPC_NODE_USE_ALTERNATIVE_RESOLVER'] === 'true';
  return hosts.every(scheme === 'dns' && !asksServer ? isLoopbackHost : isLoopbackAddress);
}

/** Without its port. An IPv6 address has several colons, and brackets when a port follows. */
function hostOf(address: string): string {
  const bracketed = /^(\[[^\]]*\])(:\d+)?$/.exec(address);
  if (bracketed !== null) return bracketed[1]!;
  return address.indexOf(':') === address.lastIndexOf(':') ? address.replace(/:\d+$/, '') : address;
}
