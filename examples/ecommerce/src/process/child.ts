import { clientInterceptors, serverInterceptors } from '../interceptors.js';
import { openClients, registerShop } from '../clients.js';
import { openDatabase, prepareDatabase } from '../database/open.js';
import { Issuer } from '../identity/issuer.js';
import { openLog } from '../log.js';
import { addressTable, httpUrl } from '../plan.js';
import { startServer, type RunningServer } from '../server/start-server.js';
import { servicesOf } from '../services/index.js';
import type { FromChild, ToChild } from './messages.js';

// A process of the shop: all servers of the embedded shop, or a single replica under --processes.

/** How long running calls may take to finish when the shop closes. */
const DRAIN_MS = 5_000;

/** The resolver scheme of the shop's own addresses: `shop:///products`. */
const SCHEME = 'shop';

type Start = Extract<ToChild, { type: 'start' }>;

let stopServices = () => Promise.resolve();
let stopped: Promise<void> | undefined;

process.on('message', (message: ToChild) => {
  if (message.type === 'start') void start(message);
  else void stop();
});
// The parent is gone, whatever became of it: nobody will say stop.
process.on('disconnect', () => void stop());
process.on('SIGTERM', () => void stop());
// Ctrl-C reaches every process of the terminal; the parent decides what it means.
process.on('SIGINT', () => undefined);

function tell(message: FromChild): void {
  if (process.connected) process.send!(message);
}

async function start(message: Start): Promise<void> {
  try {
    tell({ type: 'ready', database: await serve(message) });
  } catch (error) {
    tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    await stop();
  }
}

/** Starts the servers; answers with the description of the database. */
async function serve({ config, replicas, prepare }: Start): Promise<string> {
  const onProgress = (what: string) => tell({ type: 'progress', what });
  const options = { url: config.databaseUrl, memory: config.memory, onProgress };
  const database = await (prepare ? prepareDatabase(options) : openDatabase(options));
  const logger = openLog(config);
  const issuer = await Issuer.fromFile();
  registerShop(SCHEME, addressTable(config.portOffset));
  const token = () => issuer.serviceToken(replicas.length === 1 ? replicas[0]!.server : 'shop');
  const peers = openClients({ scheme: SCHEME, interceptors: clientInterceptors({ token }) });
  const closing = new AbortController();
  const servers: RunningServer[] = [];
  stopServices = async () => {
    closing.abort();
    await Promise.all(servers.map((server) => server.stop(DRAIN_MS)));
    peers.close();
    await database.close();
  };
  const resources = { database, peers, closing: closing.signal };
  const keys = { jwksUri: `${httpUrl(config.portOffset)}/.well-known/jwks.json` };
  onProgress('starting the services');
  for (const { name, server, address } of replicas) {
    const services = servicesOf[server];
    const interceptors = serverInterceptors({ replica: name, services, logger, keys });
    servers.push(await startServer({ address, services, resources, interceptors }));
  }
  return database.description;
}

/** Drains, once, whoever asks how often; then nothing keeps the process alive. */
function stop(): Promise<void> {
  stopped ??= stopServices().finally(() => {
    if (process.connected) process.disconnect();
  });
  return stopped;
}
