import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Registry, type OpenMetricsContentType } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { metricsHandler, type ScrapedRegistry } from './index.js';

let register: Registry;
let server: Server;

async function serve(registry: ScrapedRegistry = register): Promise<string> {
  server = createServer(metricsHandler(registry)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(() => {
  register = new Registry();
  new Counter({ name: 'a_total', help: 'ä', registers: [register] }).inc();
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  vi.restoreAllMocks();
});

test.each(['/metrics', '/metrics?name[]=a'])('GET %s', async (path) => {
  const response = await fetch((await serve()) + path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(Registry.PROMETHEUS_CONTENT_TYPE);
  expect(await response.text()).toBe('# HELP a_total ä\n# TYPE a_total counter\na_total 1\n');
});

test('an OpenMetrics registry says so', async () => {
  const registry: Registry<OpenMetricsContentType> = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const response = await fetch(`${await serve(registry)}/metrics`);
  expect(response.headers.get('content-type')).toBe(Registry.OPENMETRICS_CONTENT_TYPE);
  expect(await response.text()).toMatch(/# EOF\n$/);
});

test('HEAD has the headers and no body', async () => {
  const response = await fetch(`${await serve()}/metrics`, { method: 'HEAD' });
  expect(response.status).toBe(200);
  expect(Number(response.headers.get('content-length'))).toBeGreaterThan(20);
  expect(await response.text()).toBe('');
});

test.each(['/', '/metrics/', '/metricsx', '/other?/metrics'])('%s is not found', async (path) => {
  expect((await fetch((await serve()) + path)).status).toBe(404);
});

test('POST is not allowed', async () => {
  const response = await fetch(`${await serve()}/metrics`, { method: 'POST', body: 'x' });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, HEAD');
});

test.each([
  ['rejects', () => Promise.reject(new Error('secret path'))],
  [
    'throws',
    () => {
      throw new Error('secret path');
    },
  ],
])('a metric that %s is 500, with the reason for the operator only', async (_how, metrics) => {
  const response = await fetch(`${await serve({ metrics, contentType: 'text/plain' })}/metrics`);
  expect(response.status).toBe(500);
  expect(await response.text()).toBe('Metrics cannot be collected\n');
});

test('something that is no registry is refused', () => {
  expect(() => metricsHandler({} as never)).toThrow('metricsHandler: register must be a prom-client Registry, got {}');
  expect(() => metricsHandler(undefined as never)).toThrow('metricsHandler: register must be');
});
