import { request } from 'node:http';
import { openGateway } from '../gateway/gateway.js';
import { checkBooks } from '../books/books.js';
import { startHttpServer } from '../http/http-server.js';
import { personOf } from '../identity/people.js';
import { startTracing } from '../observability/tracing.js';
import type { Accident } from '../process/messages.js';
import { watchSpans } from '../telemetry/spans.js';
import { Telemetry } from '../telemetry/telemetry.js';
import type { TestShop } from './test-shop.js';

export interface TestGateway {
  readonly url: string;
  readonly telemetry: Telemetry;
  /** What was done to replicas. */
  readonly struck: readonly string[];
  /** Calls the API with JSON, as a person or as nobody. */
  ask(method: string, path: string, init?: Ask): Promise<Response>;
  /** With headers that `fetch` does not let one set; answers with the status. */
  askAs(path: string, headers: Readonly<Record<string, string>>): Promise<number>;
  close(): Promise<void>;
}

export interface Ask {
  /** The id of one of the people. */
  readonly as?: number;
  /** Sent as JSON; text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The shop's HTTP port in front of a test shop. */
export async function startTestGateway(shop: TestShop, { breakable = true } = {}): Promise<TestGateway> {
  const telemetry = new Telemetry('customer');
  const tracing = startTracing('customer', watchSpans(telemetry));
  const struck: string[] = [];
  const gateway = openGateway({
    issuer: shop.issuer,
    scheme: shop.scheme,
    place: { portOffset: -9_000 },
    processes: {
      accidents: new Map(),
      telemetry: (share) => Promise.resolve([shop.telemetry.take(share)].filter((batch) => batch !== undefined)),
      trace: (traceId) => Promise.resolve([shop.telemetry.trace(traceId)].filter((record) => record !== undefined)),
      strike: (replica: string, accident: Accident) => Promise.resolve(void struck.push(`${replica} ${accident}`)),
      setFaults: (faults) => shop.faults.set(faults),
    },
    breakable,
    telemetry,
  });
  const server = await startHttpServer('127.0.0.1', 0, {
    jwks: () => shop.issuer.jwks,
    metrics: () => Promise.resolve({ text: '', type: 'text/plain' }),
    readiness: () => Promise.resolve({}),
    isAdmin: (token) => shop.issuer.isAdmin(token),
    books: () => checkBooks(shop.database.sql),
    strike: () => Promise.resolve(),
    gateway: () => Promise.resolve(gateway.listener),
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    telemetry,
    struck,
    async ask(method, path, { as, body, headers, signal } = {}) {
      const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const all = new Headers({ 'content-type': 'application/json', ...headers });
      if (as !== undefined) all.set('authorization', `Bearer ${await shop.issuer.token(personOf(as))}`);
      return fetch(`${url}${path}`, { method, headers: all, body: sent, signal });
    },
    askAs: (path, headers) =>
      new Promise((resolve, reject) => {
        const asked = request(`${url}${path}`, { headers }, (response) => {
          response.resume();
          resolve(response.statusCode!);
        });
        asked.on('error', reject).end();
      }),
    async close() {
      await server.close();
      gateway.close();
      await tracing.flush();
    },
  };
}
