import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the shop's one HTTP port answers with. */
export interface HttpPages {
  /** The public keys of the issuer (RFC 7517). */
  jwks(): object;
  /** What all processes have counted, in Prometheus' text format. */
  metrics(): Promise<{ readonly text: string; readonly type: string }>;
  /** Whether every replica serves, by name. */
  readiness(): Promise<Readonly<Record<string, boolean>>>;
  isAdmin(token: string): Promise<boolean>;
  /** Whether money, stock, orders and payments agree; nothing when no service can say. */
  books(): Promise<readonly object[] | undefined>;
  /** Stops, starts, hangs or resumes a replica. */
  strike(replica: string, accident: string): Promise<void>;
  /** Everything else: the page, and what stands behind it. */
  gateway(): Promise<RequestListener>;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/healthz`: this process lives; `/readyz`: every replica serves; `/metrics`; `/.well-known/jwks.json`; and for
 * administrators `GET /books`, and `POST /replicas/<name>/stop`, `start`, `hang`, `resume`. What is none of these is the gateway's.
 */
export async function startHttpServer(host: string, port: number, pages: HttpPages): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(pages, request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : 'that went wrong';
      if (!response.headersSent) sendJson(response, 500, { error: message });
    });
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

async function answer(pages: HttpPages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://shop');
  switch (`${request.method} ${pathname}`) {
    case 'GET /healthz':
      return sendJson(response, 200, { status: 'ok' });
    case 'GET /readyz': {
      const replicas = await pages.readiness();
      return sendJson(response, Object.values(replicas).every(Boolean) ? 200 : 503, replicas);
    }
    case 'GET /metrics': {
      const { text, type } = await pages.metrics();
      return void response.writeHead(200, { 'content-type': type }).end(text);
    }
    case 'GET /.well-known/jwks.json':
      return sendJson(response, 200, pages.jwks());
    case 'GET /books': {
      if (!(await isAdmin(pages, request))) return sendJson(response, 403, { error: 'For administrators only.' });
      const findings = await pages.books();
      return sendJson(response, findings === undefined ? 503 : 200, findings ?? { error: 'No service answers.' });
    }
    default:
      return strike(pages, request, pathname, response);
  }
}

async function strike(
  pages: HttpPages,
  request: IncomingMessage,
  path: string,
  response: ServerResponse,
): Promise<void> {
  const [, replica, accident] = /^\/replicas\/([\w-]+)\/(stop|start|hang|resume)$/.exec(path) ?? [];
  if (request.method !== 'POST' || replica === undefined) {
    const gateway = await pages.gateway();
    return gateway(request, response);
  }
  if (!(await isAdmin(pages, request))) return sendJson(response, 403, { error: 'For administrators only.' });
  await pages.strike(replica, accident!);
  sendJson(response, 200, { [replica]: accident });
}

function isAdmin(pages: HttpPages, { headers }: IncomingMessage): Promise<boolean> {
  return pages.isAdmin(headers.authorization?.replace(/^Bearer /i, '') ?? '');
}

function sendJson(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
