import type { Config } from '../config.js';
import type { Gateway } from '../gateway/gateway.js';
import { startHttpServer, type HttpServer } from '../http/http-server.js';
import { Issuer } from '../identity/issuer.js';
import { addressTable, HOST, HTTP_PORT, replicas } from '../plan.js';
import { ensureCertificates } from '../tls/files.js';
import type { Accident } from './messages.js';
import { ProcessGroup } from './process-group.js';

/** The resolver scheme of the addresses that the gateway calls. */
const GATEWAY_SCHEME = 'gateway';

/** On whose behalf this process calls. */
const CUSTOMER = 'customer';

export interface RunningShop {
  /** What the services keep their data in. */
  readonly database: string;
  /** Resolves with a sentence when a process ends that nobody stopped. */
  readonly broken: Promise<string>;
  /** Drains all services. */
  stop(): Promise<void>;
}

/**
 * Starts the HTTP port in this process, which stays alive whatever becomes of the services, and all services in
 * processes of their own. Resolves when all of them serve.
 */
export async function startShop(config: Config, onProgress: (what: string) => void): Promise<RunningShop> {
  const processes = new ProcessGroup(config, onProgress);
  let http: HttpServer | undefined;
  const stop = async () => {
    await processes.stop();
    await http?.close();
  };
  try {
    if (config.tls) await ensureCertificates();
    http = await startHttp(config, processes); // first, since it knows at once when another shop is open
    return { database: await processes.start(), broken: processes.broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startHttp(config: Config, processes: ProcessGroup): Promise<HttpServer> {
  const issuer = await Issuer.fromFile();
  let gateway: Promise<Gateway> | undefined;
  const server = await startHttpServer(HOST, HTTP_PORT + config.portOffset, {
    jwks: () => issuer.jwks,
    metrics: () => metricsOf(processes),
    readiness: () => readinessOf(config),
    isAdmin: (token) => issuer.isAdmin(token),
    books: () => processes.books(),
    strike: (replica, accident) => processes.strike(replica, accident as Accident),
    gateway: async () => (await (gateway ??= gatewayOf(config, issuer, processes))).listener,
  });
  const close = async () => {
    await server.close();
    (await gateway)?.close();
  };
  return { ...server, close };
}

// What follows is loaded when it is first asked for: the shop opens sooner without.

async function gatewayOf(config: Config, issuer: Issuer, processes: ProcessGroup): Promise<Gateway> {
  const [{ openGateway }, { registerShop }, { startTracing }, { security }, { Telemetry }, { watchSpans }] =
    await Promise.all([
      import('../gateway/gateway.js'),
      import('../clients.js'),
      import('../observability/tracing.js'),
      import('../tls/credentials.js'),
      import('../telemetry/telemetry.js'),
      import('../telemetry/spans.js'),
    ]);
  registerShop(GATEWAY_SCHEME, addressTable(config));
  const telemetry = new Telemetry(CUSTOMER);
  telemetry.knowReplicas(config);
  startTracing(CUSTOMER, watchSpans(telemetry));
  const { customer: credentials } = security(config);
  return openGateway({
    issuer,
    scheme: GATEWAY_SCHEME,
    credentials,
    place: config,
    processes,
    breakable: isDefault(config),
    telemetry,
  });
}

/** Nothing is there that anybody would miss. */
function isDefault({ databaseUrl, processes, tls }: Config): boolean {
  return databaseUrl === undefined && !processes && !tls;
}

async function metricsOf(processes: ProcessGroup): Promise<{ text: string; type: string }> {
  const { AggregatorRegistry, Registry } = await import('prom-client');
  const metrics = await AggregatorRegistry.aggregate(await processes.measure()).metrics();
  return { text: metrics, type: Registry.PROMETHEUS_CONTENT_TYPE };
}

async function readinessOf(config: Config): Promise<Record<string, boolean>> {
  const [{ checkHealth }, { security }] = await Promise.all([
    import('grpc-js-middleware/health'),
    import('../tls/credentials.js'),
  ]);
  const { customer: credentials } = security(config);
  const asked = replicas(config).map(async ({ name, address }) => {
    const status = await checkHealth(address, { timeoutMs: 1_000, credentials }).catch(() => 'UNKNOWN');
    return [name, status === 'SERVING'] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}
