import { Metadata, type ServerInterceptor } from '@grpc/grpc-js';
import { ScriptedServer, startCall, type Answer, type Outcome, type ScriptedClient } from '../scripted-server.js';
import type { IdempotencyEvent, IdempotencyServerOptions } from './options.js';
import { idempotencyServerInterceptor } from './server-interceptor.js';

// For tests of idempotency.

const servers: ScriptedServer[] = [];

/** A server whose answers follow a script; closed by {@link closeServers}. */
export async function scripted(
  script: readonly Answer[],
  interceptors: ServerInterceptor[] = [],
): Promise<ScriptedServer> {
  const server = await ScriptedServer.start({ interceptors });
  servers.push(server);
  server.script = script;
  return server;
}

export function closeServers(): void {
  for (const server of servers.splice(0)) server.close();
}

export interface Fixture {
  readonly server: ScriptedServer;
  readonly client: ScriptedClient;
  readonly decisions: IdempotencyEvent[];
  /** A unary call with this key. */
  send(key: string | undefined, request?: unknown, metadata?: Metadata): Promise<Outcome>;
  start(key: string, request?: unknown): ReturnType<typeof startCall>;
}

/** A server whose handler runs are counted, and a client that sends keys. */
export async function fixture(
  script: readonly Answer[],
  options: Partial<IdempotencyServerOptions> = {},
  before: readonly ServerInterceptor[] = [],
  after: readonly ServerInterceptor[] = [],
): Promise<Fixture> {
  const decisions: IdempotencyEvent[] = [];
  const idempotency = idempotencyServerInterceptor({
    methods: '*',
    onDecision: (event) => decisions.push(event),
    ...options,
  });
  const server = await scripted(script, [...before, idempotency, ...after]);
  const client = await server.client();
  const start: Fixture['start'] = (key, request = 'hello') =>
    startCall(client, 'unary', { requests: [request], metadata: withKey(key) });
  const send: Fixture['send'] = (key, request = 'hello', metadata = withKey(key)) =>
    startCall(client, 'unary', { requests: [request], metadata }).outcome;
  return { server, client, decisions, send, start };
}

export function withKey(...keys: (string | undefined)[]): Metadata {
  const metadata = new Metadata();
  for (const key of keys) if (key !== undefined) metadata.add('idempotency-key', key);
  return metadata;
}

export const hang: Answer = { hang: true };
/** Lets what is on its way arrive. */
export const turns = async (count = 10): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Waits for what other turns of the event loop bring about. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
