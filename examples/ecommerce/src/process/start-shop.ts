import type { Config } from '../config.js';
import { startHttpServer, type HttpServer } from '../http/http-server.js';
import { Issuer } from '../identity/issuer.js';
import { HOST, HTTP_PORT, replicas, type Replica } from '../plan.js';
import { ensureCertificates } from '../tls/files.js';
import { ServiceProcess } from './service-process.js';

export interface RunningShop {
  /** What the services keep their data in. */
  readonly database: string;
  /** Resolves with a sentence when a process ends that nobody stopped. */
  readonly broken: Promise<string>;
  /** Drains all services. */
  stop(): Promise<void>;
}

/**
 * Starts the HTTP port in this process, and all services in processes of their own: one, or one for each replica.
 * Resolves when all of them serve.
 */
export async function startShop(config: Config, onProgress: (what: string) => void): Promise<RunningShop> {
  const all = replicas(config.portOffset);
  const processes = (config.processes ? all.map((replica) => [replica]) : [all]).map((own) => new ServiceProcess(own));
  let http: HttpServer | undefined;
  const stop = async () => {
    await Promise.all(processes.map((each) => each.stop()));
    await http?.close();
  };
  try {
    if (config.tls) await ensureCertificates();
    http = await startHttp(config, all, processes);
    const database = await startAll(processes, config, onProgress);
    const ended = Promise.race(processes.map(({ exited }) => exited));
    return { database, broken: ended.then((end) => `A process of the shop ended with ${end}.`), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The first one prepares the database for all. */
async function startAll(processes: readonly ServiceProcess[], config: Config, onProgress: (what: string) => void) {
  const [first, ...others] = processes;
  const database = await first!.start(config, true, onProgress);
  await Promise.all(others.map((each) => each.start(config, false, onProgress)));
  return database;
}

async function startHttp(
  { portOffset, tls }: Config,
  all: readonly Replica[],
  processes: readonly ServiceProcess[],
): Promise<HttpServer> {
  const issuer = await Issuer.fromFile();
  return startHttpServer(HOST, HTTP_PORT + portOffset, {
    jwks: () => issuer.jwks,
    metrics: async () => {
      const { AggregatorRegistry, Registry } = await import('prom-client');
      const measured = await Promise.all(processes.map((each) => each.measure()));
      return { text: await AggregatorRegistry.aggregate(measured).metrics(), type: Registry.PROMETHEUS_CONTENT_TYPE };
    },
    readiness: async () => {
      const [{ checkHealth }, { security }] = await Promise.all([
        import('grpc-js-middleware/health'),
        import('../tls/credentials.js'),
      ]);
      const { customer: credentials } = security({ tls });
      const asked = all.map(async ({ name, address }) => {
        const status = await checkHealth(address, { timeoutMs: 1_000, credentials }).catch(() => 'UNKNOWN');
        return [name, status === 'SERVING'] as const;
      });
      return Object.fromEntries(await Promise.all(asked));
    },
  });
}
