import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import { optionsOf } from '../core/base/options.js';
import { formatAddress } from './address.js';

/** What a target of the polling resolver asks for: `dns-poll:///host:port`. */
export interface DnsQuestion {
  /** A host name, or an IP address without brackets. */
  readonly host: string;
  /** Undefined where the target has none. */
  readonly port: number | undefined;
}

/** Answers with addresses, `host:port` each. A rejection, or an empty list, leaves the last good answer in place. */
export type DnsLookup = (question: DnsQuestion) => Promise<readonly string[]>;

/** grpc's port where a target names none. */
const defaultPort = 443;

/** A and AAAA through the operating system, as grpc-js's own resolver asks: /etc/hosts and search domains count. */
export const systemLookup: DnsLookup = async ({ host, port = defaultPort }) => {
  const found = await dns.lookup(host, { all: true });
  return found.map(({ address }) => formatAddress(address, port));
};

/** See {@link dnsLookup}. */
export interface DnsServers {
  /**
   * Name servers, as in `10.0.0.2` or `[::1]:5353`.
   *
   * @default those of the operating system
   */
  readonly servers?: readonly string[];
}

/**
 * A and AAAA straight from name servers, past /etc/hosts and the thread pool that `dns.lookup` shares with files.
 *
 * @throws TypeError when a name server is no address.
 */
export function dnsLookup(options: DnsServers = {}): DnsLookup {
  const resolver = resolverOf('dnsLookup', options);
  return async ({ host, port = defaultPort }) => {
    if (isIP(host) !== 0) return [formatAddress(host, port)];
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
    return [v4, v6]
      .flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
      .map((address) => formatAddress(address, port));
  };
}

/**
 * SRV records: each brings its own port, so the target has none, as in `dns-poll:///_grpc._tcp.shop.example`. Of several
 * priorities only the best (lowest) is used, as RFC 2782 asks; weights are not, since round robin is even. The records'
 * host names are resolved anew at each connection.
 *
 * @throws TypeError when a name server is no address.
 */
export function srvLookup(options: DnsServers = {}): DnsLookup {
  const resolver = resolverOf('srvLookup', options);
  return async ({ host }) => {
    const records = await resolver.resolveSrv(host);
    const best = Math.min(...records.map(({ priority }) => priority));
    return records.filter(({ priority }) => priority === best).map(({ name, port }) => formatAddress(name, port));
  };
}

function resolverOf(owner: string, options: DnsServers): InstanceType<typeof dns.Resolver> {
  const check = optionsOf(owner, options, ['servers']);
  const resolver = new dns.Resolver();
  const { servers } = options;
  if (servers === undefined) return resolver;
  try {
    if (servers.length > 0) {
      resolver.setServers(servers);
      return resolver;
    }
  } catch {
    // It is told below, as every wrong option is.
  }
  throw check.error('servers', "a non-empty list of addresses such as '10.0.0.2' or '[::1]:5353'", servers);
}
