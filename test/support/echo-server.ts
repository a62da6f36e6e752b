import {
  credentials,
  Server,
  ServerCredentials,
  type ClientOptions,
  type ServerInterceptor,
  type ServerOptions,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { EchoServiceClient, EchoServiceService } from '../../src/gen/grpc_js_middleware/testing/v1/echo.js';

/** A bare grpc-js server of the Echo service, for what must not depend on the library's own testing folder. */
export interface EchoServer {
  readonly server: Server;
  readonly port: number;
  connect(options?: ClientOptions, address?: string): EchoServiceClient;
  close(): void;
}

export async function echoServer(
  interceptors: readonly ServerInterceptor[],
  implementation: UntypedServiceImplementation,
  options: ServerOptions = {},
): Promise<EchoServer> {
  const server = new Server({ ...options, interceptors: [...interceptors] });
  server.addService(EchoServiceService, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const clients: EchoServiceClient[] = [];
  return {
    server,
    port,
    connect: (clientOptions = {}, address = `127.0.0.1:${port}`) => {
      const client = new EchoServiceClient(address, credentials.createInsecure(), clientOptions);
      clients.push(client);
      return client;
    },
    close: () => {
      for (const client of clients) client.close();
      server.forceShutdown();
    },
  };
}
