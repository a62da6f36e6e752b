/** Which servers the shop consists of, and where. Light on purpose: `npm start` reads it before anything is loaded. */
export const SERVERS = {
  products: { ports: [50051, 50052, 50053] },
  orders: { ports: [50061] },
  payments: { ports: [50062] },
  users: { ports: [50063] },
  notifications: { ports: [50064] },
  chat: { ports: [50065] },
  analytics: { ports: [50066] },
} as const satisfies Record<string, { ports: readonly number[] }>;

/** `/metrics`, `/healthz`, `/readyz` and `/.well-known/jwks.json`. */
export const HTTP_PORT = 9464;

/** The shop is not for strangers: it listens on this machine alone. */
export const HOST = '127.0.0.1';

export type ServerName = keyof typeof SERVERS;

export const SERVER_NAMES = Object.keys(SERVERS) as ServerName[];

/** One server, as one address: `products-2` at 127.0.0.1:50052. */
export interface Replica {
  readonly name: string;
  readonly server: ServerName;
  readonly address: string;
}

/** Where a shop is, and how large. */
export interface Place {
  /** Moves all ports together. */
  readonly portOffset: number;
  /** @default 1 */
  readonly orderProcesses?: number;
}

/** Every replica of the shop. */
export function replicas(place: Place): Replica[] {
  return SERVER_NAMES.flatMap((server) =>
    addressesOf(server, place).map((address, index, { length }) => {
      const name = length > 1 ? `${server}-${index + 1}` : server;
      return { name, server, address };
    }),
  );
}

/** The addresses of each server's replicas. */
export function addressTable(place: Place): Record<ServerName, string[]> {
  const addresses = SERVER_NAMES.map((server) => [server, addressesOf(server, place)]);
  return Object.fromEntries(addresses) as Record<ServerName, string[]>;
}

function addressesOf(server: ServerName, { portOffset, orderProcesses = 1 }: Place): string[] {
  const ports = server === 'orders' ? orderPorts(orderProcesses) : SERVERS[server].ports;
  return ports.map((port) => `${HOST}:${port + portOffset}`);
}

/** 50061, 50071, 50081 and so on. */
function orderPorts(count: number): number[] {
  return Array.from({ length: count }, (_, index) => SERVERS.orders.ports[0] + 10 * index);
}

/** Where the HTTP port is. */
export function httpUrl(portOffset: number): string {
  return `http://${HOST}:${HTTP_PORT + portOffset}`;
}

/** The server that a replica is one of: `products` of `products-2`. */
export function serverOf(replica: string): string {
  return replica.replace(/-\d+$/, '');
}
