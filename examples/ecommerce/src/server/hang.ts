import type { Server } from '@grpc/grpc-js';
import type { Server as NetServer, Socket } from 'node:net';

/** Node's own handle of a socket, whose reading can be stopped below HTTP/2, which has taken the socket over. */
interface Handle {
  readStop(): void;
  readStart(): void;
}

/**
 * Lets a server hang as a process does that was stopped: connections stay, what clients send is taken by the kernel, and
 * nobody reads it. For an example that has all its replicas in one process; it reaches into grpc-js and Node, as nothing
 * else here does.
 */
export class Hang {
  private readonly sockets = new Set<Socket>();
  private hangs = false;

  constructor(server: Server) {
    const { http2Servers } = server as unknown as { readonly http2Servers: ReadonlyMap<NetServer, unknown> };
    for (const each of http2Servers.keys()) each.on('connection', (socket: Socket) => this.keep(socket));
  }

  set(hangs: boolean): void {
    this.hangs = hangs;
    for (const socket of this.sockets) this.apply(socket);
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    if (this.hangs) setImmediate(() => this.apply(socket));
  }

  private apply(socket: Socket): void {
    const handle = (socket as unknown as { readonly _handle: Handle | null })._handle;
    if (this.hangs) handle?.readStop();
    else handle?.readStart();
  }
}
