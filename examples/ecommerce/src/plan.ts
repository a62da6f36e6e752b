/** Which servers the shop consists of, and where. Light on purpose: `npm start` reads it before anything is loaded. */
export const SERVERS = {
  products: { services: ['ecommerce.ProductService'], ports: [50051, 50052, 50053] },
} as const satisfies Record<string, { services: readonly string[]; ports: readonly number[] }>;

/** `/metrics`, `/healthz`, `/readyz` and `/.well-known/jwks.json`. */
export const HTTP_PORT = 9464;

/** The shop is not for strangers: it listens on this machine alone. */
export const HOST = '127.0.0.1';

export type ServerName = keyof typeof SERVERS;

/** One server, as one address: `products-2` at 127.0.0.1:50052. */
export interface Replica {
  readonly name: string;
  readonly server: ServerName;
  readonly address: string;
}

/** Every replica of the shop; the offset moves all ports together. */
export function replicas(portOffset: number): Replica[] {
  return (Object.keys(SERVERS) as ServerName[]).flatMap((server) =>
    SERVERS[server].ports.map((port, index) => ({
      name: SERVERS[server].ports.length > 1 ? `${server}-${index + 1}` : server,
      server,
      address: `${HOST}:${port + portOffset}`,
    })),
  );
}

/** The addresses of one server's replicas. */
export function addressesOf(server: ServerName, portOffset: number): string[] {
  return replicas(portOffset)
    .filter((replica) => replica.server === server)
    .map(({ address }) => address);
}
