import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthService } from 'grpc-js-middleware/health';
import { shutdownGracefully, trackCalls } from 'grpc-js-middleware/lifecycle';
import { healthMetrics } from 'grpc-js-middleware/metrics';
import { serverInterceptors, type ServerStack } from '../interceptors.js';
import type { Resources, ShopService } from '../services/shop-service.js';
import { watched } from '../telemetry/server-watch.js';
import { Hang } from './hang.js';
import { addReflection } from './reflection.js';

export interface ServerOptions extends Omit<ServerStack, 'calls'> {
  /** `127.0.0.1:50051`; port 0 means any that is free. */
  readonly address: string;
  readonly resources: Resources;
  readonly credentials?: ServerCredentials;
}

export interface RunningServer {
  /** Where it listens. */
  readonly address: string;
  /** Says NOT_SERVING, lets running calls finish for so long, ends the rest. */
  stop(timeoutMs: number): Promise<void>;
  /** At once: no waiting, running calls end with UNAVAILABLE, connections are cut. */
  kill(): Promise<void>;
  /** Reads nothing any more, or reads on. */
  hang(hangs: boolean): void;
}

/** How long clients get to notice that a server says NOT_SERVING, before it takes no more calls. */
const DRAIN_DELAY_MS = 100;

/** Starts one gRPC server of the shop. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { services, resources, credentials = ServerCredentials.createInsecure() } = options;
  const calls = trackCalls();
  const stack = serverInterceptors({ ...options, calls });
  const server = new Server({ interceptors: [watched(options.telemetry, options.replica, stack)] });
  for (const service of services) server.addService(service.definition, service.implement(resources));
  const names = services.map(nameOf);
  const health = new HealthService({ services: names });
  health.addTo(server);
  healthMetrics({ register: options.register, health, labels: { replica: options.replica } });
  addReflection(server, [...names, 'grpc.health.v1.Health']);
  const address = await bind(server, options.address, credentials);
  const hang = new Hang(server);
  const end = async (drainDelayMs: number, timeoutMs: number) => {
    await shutdownGracefully(server, { calls, health, drainDelayMs, timeoutMs });
    health.close();
  };
  return {
    address,
    stop: (timeoutMs) => end(DRAIN_DELAY_MS, timeoutMs),
    kill: () => end(0, 0),
    hang: (hangs) => hang.set(hangs),
  };
}

/** `ecommerce.ProductService` */
export function nameOf({ definition }: ShopService): string {
  return Object.values(definition)[0]!.path.split('/')[1]!;
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<string> {
  const host = address.slice(0, address.lastIndexOf(':'));
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(`${host}:${port}`);
      else
        reject(new Error(`Cannot listen on ${address}: is another shop open? SHOP_PORT_OFFSET=100 moves all ports.`));
    });
  });
}
