import { pino, type Logger } from 'pino';
import { Registry } from 'prom-client';
import { openClients, registerShop, type ShopClients } from '../clients.js';
import type { Database } from '../database/database.js';
import { DatabaseIdempotencyStore } from '../idempotency/store.js';
import { Issuer } from '../identity/issuer.js';
import { clientInterceptors } from '../interceptors.js';
import { SERVER_NAMES, type ServerName } from '../plan.js';
import type { Accident } from '../process/messages.js';
import { changeableFaults, type Faults } from '../server/faults.js';
import { startServer, type RunningServer } from '../server/start-server.js';
import { ORDER_TTL_MS } from '../services/orders/expiry.js';
import { allServices } from '../services/index.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { openTestDatabase } from './test-database.js';

export interface TestShop {
  readonly database: Database;
  readonly address: string;
  /** Of the resolver that knows the address by the names of the servers. */
  readonly scheme: string;
  readonly issuer: Issuer;
  /** What the servers have counted. */
  readonly register: Registry;
  /** What the servers tell those who look. */
  readonly telemetry: Telemetry;
  readonly faults: Faults;
  /** Users 1 and 2 of the seed. */
  readonly ada: ShopClients;
  readonly grace: ShopClients;
  /** User 3. */
  readonly admin: ShopClients;
  /** Somebody without a token. */
  readonly stranger: ShopClients;
  /** Lets a replica beside the first hang, or resume. */
  strike(replica: string, accident: Accident): Promise<void>;
  close(): Promise<void>;
}

let shops = 0;

/** Tests wait as long as a busy machine needs. */
const patienceMs = 60_000;

/**
 * The whole shop with its real interceptors on one port of the loopback interface, on a database of its own; further
 * replicas, by name, serve products beside the first.
 */
export async function startTestShop(
  logger: Logger = pino({ level: 'silent' }),
  names: readonly [string, ...string[]] = ['test'],
  orderTtlMs = ORDER_TTL_MS,
): Promise<TestShop> {
  const database = await openTestDatabase();
  const issuer = await Issuer.withNewKey();
  const scheme = `test-shop-${++shops}`;
  const resolver = registerShop(scheme, addresses([]));
  const opened: ShopClients[] = [];
  const clients = (token?: () => Promise<string>) => {
    const interceptors = token ? clientInterceptors({ token, patienceMs }) : [];
    const own = openClients({ scheme, interceptors, leastPatienceMs: patienceMs });
    opened.push(own);
    return own;
  };
  const register = new Registry();
  const telemetry = new Telemetry('test');
  const faults = changeableFaults();
  const closing = new AbortController();
  const interceptors = clientInterceptors({
    token: () => issuer.serviceToken('test'),
    register,
    logger,
    telemetry,
    patienceMs,
  });
  const peers = openClients({ scheme, interceptors, leastPatienceMs: patienceMs });
  opened.push(peers);
  const start = (replica: string) =>
    startServer({
      address: '127.0.0.1:0',
      services: allServices,
      resources: { database, peers, closing: closing.signal, orderTtlMs },
      replica,
      logger,
      register,
      keys: { jwks: issuer.jwks },
      idempotencyStore: new DatabaseIdempotencyStore(database.sql, issuer.secretFor('idempotency')),
      telemetry,
      faults: faults.interceptor,
    });
  const servers = new Map<string, RunningServer>();
  for (const name of names) servers.set(name, await start(name));
  const server = servers.get(names[0])!;
  for (const name of SERVER_NAMES) resolver.set(name, [server.address]);
  resolver.set(
    'products',
    [...servers.values()].map(({ address }) => address),
  );
  return {
    database,
    issuer,
    register,
    scheme,
    telemetry,
    faults,
    address: server.address,
    ada: clients(() => issuer.token({ userId: 1, role: 'customer', name: 'Ada Lovelace' })),
    grace: clients(() => issuer.token({ userId: 2, role: 'customer', name: 'Grace Hopper' })),
    admin: clients(() => issuer.token({ userId: 3, role: 'admin' })),
    stranger: clients(),
    strike(replica, accident) {
      servers.get(replica)!.hang(accident === 'hang');
      return Promise.resolve();
    },
    async close() {
      closing.abort();
      for (const own of opened) own.close();
      await Promise.all([...servers.values()].map((each) => each.stop(1_000)));
      await database.close();
    },
  };
}

function addresses(list: readonly string[]): Record<ServerName, readonly string[]> {
  return Object.fromEntries(SERVER_NAMES.map((name) => [name, list])) as Record<ServerName, readonly string[]>;
}
