import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the shop's one HTTP port answers with. */
export interface HttpPages {
  /** The public keys of the issuer (RFC 7517). */
  jwks(): object;
  /** What all processes have counted, in Prometheus' text format. */
  metrics(): Promise<{ readonly text: string; readonly type: string }>;
  /** Whether every replica serves, by name. */
  readiness(): Promise<Readonly<Record<string, boolean>>>;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/** `/healthz`: this process lives; `/readyz`: every replica serves; `/metrics`; `/.well-known/jwks.json`. */
export async function startHttpServer(host: string, port: number, pages: HttpPages): Promise<HttpServer> {
  const routes: Readonly<Record<string, (response: ServerResponse) => void | Promise<void>>> = {
    '/healthz': (response) => sendJson(response, 200, { status: 'ok' }),
    '/readyz': async (response) => {
      const replicas = await pages.readiness();
      sendJson(response, Object.values(replicas).every(Boolean) ? 200 : 503, replicas);
    },
    '/metrics': async (response) => {
      const { text, type } = await pages.metrics();
      response.writeHead(200, { 'content-type': type }).end(text);
    },
    '/.well-known/jwks.json': (response) => sendJson(response, 200, pages.jwks()),
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://shop');
    const route = request.method === 'GET' ? routes[pathname] : undefined;
    if (route === undefined) sendJson(response, 404, { error: 'no such page' });
    else void Promise.resolve(route(response)).catch(() => sendJson(response, 500, { error: 'that went wrong' }));
  });
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => {
    throw new Error(`Cannot listen on ${host}:${port}: is another shop open? SHOP_PORT_OFFSET=100 moves all ports.`, {
      cause: error,
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function sendJson(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
