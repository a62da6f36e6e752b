import type { IncomingMessage, ServerResponse } from 'node:http';
import { reportHookFailure } from '../core/base/report-failure.js';
import { hasMethods, optionError } from '../core/base/options.js';

/** The part of a prom-client `Registry` that a scrape needs. */
export interface ScrapedRegistry {
  /** Its text, in the format of the content type. */
  metrics(): Promise<string>;
  /** What is sent as `content-type`. */
  readonly contentType: string;
}

/**
 * A listener for `node:http` that serves a registry at `/metrics`, to be mounted beside others or alone. It answers 404
 * for any other path and 405 for any other method than GET and HEAD; when a metric cannot be collected, 500, and the
 * operator is told why by a warning: the body says nothing.
 *
 * @throws TypeError when `register` is no registry.
 * @example createServer(metricsHandler(register)).listen(9464, '127.0.0.1');
 */
export function metricsHandler(
  register: ScrapedRegistry,
): (request: IncomingMessage, response: ServerResponse) => void {
  if (!hasMethods(register, 'metrics')) {
    throw optionError('metricsHandler: register', 'a prom-client Registry', register);
  }
  return (request, response) => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) reply(request, response, refusal, 'text/plain; charset=utf-8', `${reasons[refusal]}\n`);
    else void scrape(register, request, response);
  };
}

const reasons = { 404: 'Not found', 405: 'Method not allowed', 500: 'Metrics cannot be collected' } as const;

function refusalOf({ url = '', method }: IncomingMessage): 404 | 405 | undefined {
  if (url.split('?', 1)[0] !== '/metrics') return 404;
  return method === 'GET' || method === 'HEAD' ? undefined : 405;
}

async function scrape(register: ScrapedRegistry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await register.metrics();
    reply(request, response, 200, register.contentType, body);
  } catch (error) {
    reportHookFailure('metricsHandler', 'metrics', error);
    reply(request, response, 500, 'text/plain; charset=utf-8', `${reasons[500]}\n`);
  }
}

function reply(request: IncomingMessage, response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
