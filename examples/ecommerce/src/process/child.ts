import { prepareDatabase, openDatabase } from '../database/open.js';
import { serverInterceptors } from '../interceptors.js';
import { openLog } from '../log.js';
import { startServer, type RunningServer } from '../server/start-server.js';
import { servicesOf } from '../services/index.js';
import type { FromChild, ToChild } from './messages.js';

// A process of the shop: all servers of the embedded shop, or a single replica under --processes.

/** How long running calls may take to finish when the shop closes. */
const DRAIN_MS = 5_000;

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

async function start({ config, replicas, prepare }: Start): Promise<void> {
  try {
    const onProgress = (what: string) => tell({ type: 'progress', what });
    const options = { url: config.databaseUrl, memory: config.memory, onProgress };
    const database = await (prepare ? prepareDatabase(options) : openDatabase(options));
    const servers: RunningServer[] = [];
    stopServices = async () => {
      await Promise.all(servers.map((server) => server.stop(DRAIN_MS)));
      await database.close();
    };
    const logger = openLog(config);
    for (const { name, server, address } of replicas) {
      onProgress(`starting ${name}`);
      const services = servicesOf[server];
      const interceptors = serverInterceptors({ replica: name, services, logger });
      servers.push(await startServer({ address, services, resources: { database }, interceptors }));
    }
    tell({ type: 'ready', database: database.description });
  } catch (error) {
    tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    await stop();
  }
}

/** Drains, once, whoever asks how often; then nothing keeps the process alive. */
function stop(): Promise<void> {
  stopped ??= stopServices().finally(() => {
    if (process.connected) process.disconnect();
  });
  return stopped;
}
