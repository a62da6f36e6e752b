import { credentials, type ChannelCredentials, type Client, type ClientOptions } from '@grpc/grpc-js';
import { promiseClient, type PromiseClient } from 'grpc-js-middleware/promises';
import { pino, type Logger } from 'pino';
import type { Database } from '../database/database.js';
import { serverInterceptors } from '../interceptors.js';
import { startServer } from '../server/start-server.js';
import type { ShopService } from '../services/shop-service.js';
import { openTestDatabase } from './test-database.js';

export interface TestShop {
  readonly database: Database;
  readonly address: string;
  /** A client of one of the services, closed with the shop. */
  client<C extends Client>(Client: ClientConstructor<C>): PromiseClient<C>;
  close(): Promise<void>;
}

type ClientConstructor<C> = new (address: string, credentials: ChannelCredentials, options?: ClientOptions) => C;

/** Services with the real interceptors on the loopback interface, on a database of their own. */
export async function startTestShop(services: readonly ShopService[], logger: Logger = silent()): Promise<TestShop> {
  const database = await openTestDatabase();
  const interceptors = serverInterceptors({ replica: 'test', services, logger });
  const server = await startServer({ address: '127.0.0.1:0', services, resources: { database }, interceptors });
  const clients: Client[] = [];
  return {
    database,
    address: server.address,
    client(Client) {
      const client = new Client(server.address, credentials.createInsecure());
      clients.push(client);
      return promiseClient(client);
    },
    async close() {
      for (const client of clients) client.close();
      await server.stop(1_000);
      await database.close();
    },
  };
}

function silent(): Logger {
  return pino({ level: 'silent' });
}
