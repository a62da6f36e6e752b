import type { Server } from '@grpc/grpc-js';

/** A private part of grpc-js's server, as far as it is used here; optional, since a version may not have it. */
interface ServerInternals {
  readonly http2Servers?: ReadonlyMap<unknown, { readonly sessions?: Iterable<{ destroy(): void }> }>;
}

/** Cuts every connection, also on a server with `grpc.enable_channelz: 0`, whose `forceShutdown` leaves them open. */
export function forceClose(server: Server): void {
  const listeners = [...((server as unknown as ServerInternals).http2Servers?.values() ?? [])];
  server.forceShutdown();
  for (const { sessions } of listeners) for (const session of [...(sessions ?? [])]) session.destroy();
}
