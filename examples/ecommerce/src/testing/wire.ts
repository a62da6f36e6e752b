import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Wire {
  /** The server's, by way of the wire. */
  readonly url: string;
  /** Nothing comes through any more on connections that are open; new ones are not concerned. */
  freeze(): void;
  close(): void;
}

/** Stands between a client and a server, to fall silent as a network does: without closing anything. */
export async function openWire(server: URL): Promise<Wire> {
  const sockets = new Set<Socket>();
  const wire = createServer((near) => {
    const far = connect(Number(server.port || 5432), server.hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const url = new URL(server);
  url.hostname = '127.0.0.1';
  url.port = String((wire.address() as AddressInfo).port);
  return {
    url: url.href,
    freeze: () => sockets.forEach((socket) => socket.unpipe().pause()),
    close() {
      wire.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
