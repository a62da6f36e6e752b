import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Finding } from '../books/books.js';
import { openClients, registerShop } from '../clients.js';
import { openDatabase, prepareDatabase } from '../database/open.js';
import { DatabaseIdempotencyStore } from '../idempotency/store.js';
import { Issuer } from '../identity/issuer.js';
import { clientInterceptors } from '../interceptors.js';
import { openLog } from '../observability/log.js';
import { startTracing } from '../observability/tracing.js';
import { addressTable, httpUrl } from '../plan.js';
import { policy } from '../policy.js';
import { changeableFaults } from '../server/faults.js';
import { startServer, type RunningServer } from '../server/start-server.js';
import { allServices, servicesOf } from '../services/index.js';
import { security } from '../tls/credentials.js';
import { watchSpans } from '../telemetry/spans.js';
import { Telemetry } from '../telemetry/telemetry.js';
import type { Accident, Answers, FromChild, Question, ToChild } from './messages.js';

// A process of the shop: all servers of the embedded shop, or a single replica under --processes.

/** How long running calls may take to finish when the shop closes. */
const DRAIN_MS = 2_000;

/** The resolver scheme of the shop's own addresses: `shop:///products`. */
const SCHEME = 'shop';

const PURGE_MS = 600_000;

/** Connections of each process among many: fourteen of them fit into the hundred that PostgreSQL allows by default. */
const SMALL_POOL = 6;

type Start = Extract<ToChild, { type: 'start' }>;

const register = new Registry();
/** Starts each replica of this process, again if need be. */
const starters = new Map<string, () => Promise<RunningServer>>();
const running = new Map<string, RunningServer>();
const telemetry = new Telemetry('shop');
const faults = changeableFaults();
let checkBooks: () => Promise<readonly Finding[] | undefined> = () => Promise.resolve(undefined);
let starting = Promise.resolve();
let stopServices = () => Promise.resolve();
let stopped: Promise<void> | undefined;

process.on('message', (message: ToChild) => {
  if (message.type === 'start') starting = start(message);
  else if (message.type === 'ask') void answer(message.id, message.question);
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

async function answer(id: number, question: Question): Promise<void> {
  tell({ type: 'answer', id, answer: await answerTo(question) });
}

async function answerTo(question: Question): Promise<Answers[Question['about']]> {
  switch (question.about) {
    case 'metrics':
      return register.getMetricsAsJSON();
    case 'telemetry':
      return telemetry.take(question.share);
    case 'books':
      return checkBooks();
    case 'trace':
      return telemetry.trace(question.traceId);
    case 'replica':
      return void (await strike(question.name, question.accident));
    case 'faults':
      return void (await faults.set(question.faults));
  }
}

/** Cuts a replica off or lets it hang, and brings it back. */
async function strike(name: string, accident: Accident): Promise<void> {
  const start = starters.get(name);
  if (accident === 'stop') {
    const struck = running.get(name);
    running.delete(name);
    await struck?.kill();
  } else if (accident === 'hang' || accident === 'resume') {
    running.get(name)?.hang(accident === 'hang');
  } else if (start !== undefined && !running.has(name)) {
    running.set(name, await start());
  }
}

async function start(message: Start): Promise<void> {
  try {
    tell({ type: 'ready', database: await serve(message) });
  } catch (error) {
    tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    void stop();
  }
}

/** Starts the servers; answers with the description of the database. */
async function serve({ config, replicas, prepare }: Start): Promise<string> {
  policy.assertCovers(...allServices.map(({ definition }) => definition));
  const onProgress = (what: string) => tell({ type: 'progress', what });
  const poolSize = config.processes ? SMALL_POOL : undefined;
  const options = { url: config.databaseUrl, poolSize, memory: config.memory, onProgress };
  const database = await (prepare ? prepareDatabase(options) : openDatabase(options));
  onProgress('starting the services');
  const name = replicas.length === 1 ? replicas[0]!.name : 'shop';
  // What the process itself takes: memory, processor time, how late the event loop runs.
  collectDefaultMetrics({ register, labels: { process: name } });
  telemetry.process = name;
  telemetry.knowReplicas(config);
  const tracing = startTracing(name, watchSpans(telemetry));
  const logger = openLog(config, telemetry);
  const issuer = await Issuer.fromFile();
  registerShop(SCHEME, addressTable(config));
  const { server: serverCredentials, service: serviceCredentials } = security(config);
  const token = config.tls ? undefined : () => issuer.serviceToken(name);
  const interceptors = clientInterceptors({ token, register, logger, telemetry });
  const peers = openClients({ scheme: SCHEME, interceptors, credentials: serviceCredentials });
  const idempotencyStore = new DatabaseIdempotencyStore(database.sql, issuer.secretFor('idempotency'));
  const purging = setInterval(() => void idempotencyStore.purge().catch(() => undefined), PURGE_MS);
  const closing = new AbortController();
  stopServices = async () => {
    closing.abort();
    clearInterval(purging);
    await Promise.all([...running.values()].map((server) => server.stop(DRAIN_MS)));
    peers.close();
    await tracing.stop();
    await database.close();
  };
  checkBooks = async () => (await import('../books/books.js')).checkBooks(database.sql);
  const resources = { database, peers, closing: closing.signal, orderTtlMs: config.orderTtlMs };
  const keys = { jwksUri: `${httpUrl(config.portOffset)}/.well-known/jwks.json` };
  for (const { name: replica, server, address } of replicas) {
    const services = servicesOf[server];
    const told = { telemetry, faults: faults.interceptor };
    const stack = { replica, services, logger, register, keys, idempotencyStore, ...told };
    const start = () => startServer({ address, resources, credentials: serverCredentials, ...stack });
    starters.set(replica, start);
    running.set(replica, await start());
  }
  return database.description;
}

/**
 * Drains, once, whoever asks how often; then nothing keeps the process alive. While it is starting, nobody knows yet what
 * there will be to close.
 */
function stop(): Promise<void> {
  stopped ??= starting
    .then(() => stopServices())
    .finally(() => {
      if (process.connected) process.disconnect();
    });
  return stopped;
}
