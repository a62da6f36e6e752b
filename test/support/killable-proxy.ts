import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy on loopback whose connections can be cut at will. */
export interface KillableProxy {
  readonly address: string;
  /** Cuts every connection, as a pulled cable with a reset does. */
  kill(): void;
  close(): Promise<void>;
}

/** Starts a proxy in front of a port of this machine. */
export async function killableProxy(port: number): Promise<KillableProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kill = (): void => sockets.forEach((socket) => socket.resetAndDestroy());
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    kill,
    close: () => {
      kill();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
