import { Server, ServerCredentials, type ServerInterceptor } from '@grpc/grpc-js';
import { HealthService } from 'grpc-js-middleware/health';
import { policy } from '../policy.js';
import { allServices } from '../services/index.js';
import type { Resources, ShopService } from '../services/shop-service.js';
import { addReflection } from './reflection.js';

export interface ServerOptions {
  /** `127.0.0.1:50051`; port 0 means any that is free. */
  readonly address: string;
  readonly services: readonly ShopService[];
  readonly resources: Resources;
  readonly interceptors: readonly ServerInterceptor[];
  readonly credentials?: ServerCredentials;
}

export interface RunningServer {
  /** Where it listens. */
  readonly address: string;
  /** Lets running calls finish, for so long; then ends them. */
  stop(timeoutMs: number): Promise<void>;
}

/** Starts one gRPC server of the shop. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { services, resources, interceptors, credentials = ServerCredentials.createInsecure() } = options;
  const server = new Server({ interceptors: [...interceptors] });
  policy.assertCovers(...allServices.map(({ definition }) => definition));
  for (const service of services) server.addService(service.definition, service.implement(resources));
  const names = services.map(nameOf);
  const health = new HealthService({ services: names });
  health.addTo(server);
  addReflection(server, [...names, 'grpc.health.v1.Health']);
  const address = await bind(server, options.address, credentials);
  return { address, stop: (timeoutMs) => stop(server, health, timeoutMs) };
}

/** `ecommerce.ProductService` */
export function nameOf({ definition }: ShopService): string {
  return Object.values(definition)[0]!.path.split('/')[1]!;
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<string> {
  const host = address.slice(0, address.lastIndexOf(':'));
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error)
        reject(
          new Error(`Cannot listen on ${address}: is another shop running? SHOP_PORT_OFFSET=100 moves all ports.`, {
            cause: error,
          }),
        );
      else resolve(`${host}:${port}`);
    });
  });
}

async function stop(server: Server, health: HealthService, timeoutMs: number): Promise<void> {
  health.shutdown();
  const force = setTimeout(() => server.forceShutdown(), timeoutMs);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(force);
  health.close();
}
