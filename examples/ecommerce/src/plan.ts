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

/** Every replica of the shop; the offset moves all ports together. */
export function replicas(portOffset: number): Replica[] {
  return SERVER_NAMES.flatMap((server) =>
    SERVERS[server].ports.map((port, index) => ({
      name: SERVERS[server].ports.length > 1 ? `${server}-${index + 1}` : server,
      server,
      address: `${HOST}:${port + portOffset}`,
    })),
  );
}

/** The addresses of each server's replicas. */
export function addressTable(portOffset: number): Record<ServerName, string[]> {
  const addresses = SERVER_NAMES.map((server) => [
    server,
    SERVERS[server].ports.map((port) => `${HOST}:${port + portOffset}`),
  ]);
  return Object.fromEntries(addresses) as Record<ServerName, string[]>;
}

/** Where the HTTP port is. */
export function httpUrl(portOffset: number): string {
  return `http://${HOST}:${HTTP_PORT + portOffset}`;
}
