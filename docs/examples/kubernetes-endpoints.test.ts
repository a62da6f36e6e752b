import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { kubernetesEndpoints } from './kubernetes-endpoints.js';

/** A pod that says nothing of its readiness counts as ready. */
const slice = (name: string, ...pods: [ip: string, ready?: boolean][]) => ({
  metadata: { name },
  endpoints: pods.map(([ip, ready]) => ({ addresses: [ip], ...(ready !== undefined && { conditions: { ready } }) })),
  ports: [
    { name: 'http', port: 80 },
    { name: 'grpc', port: 50051 },
  ],
});

let api: Server;
let items: object[];
let watches: ServerResponse[];
let asked: string[];

beforeEach(async () => {
  items = [slice('one', ['10.0.0.1'], ['10.0.0.2', false])];
  watches = [];
  asked = [];
  api = createServer((request, response) => {
    asked.push(request.url!);
    if (request.url!.includes('watch=1')) return void (response.flushHeaders(), watches.push(response));
    response.end(JSON.stringify({ items, metadata: { resourceVersion: '7' } }));
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  vi.stubEnv('KUBERNETES_API', `http://127.0.0.1:${(api.address() as AddressInfo).port}`);
});

afterEach(() => {
  vi.unstubAllEnvs();
  api.closeAllConnections();
  api.close();
});

/** What the open watch is told, in two pieces, since the network may cut anywhere. */
async function change(event: object): Promise<void> {
  await vi.waitFor(() => expect(watches).not.toEqual([]), { interval: 1 });
  const line = `${JSON.stringify(event)}\n`;
  watches.at(-1)!.write(line.slice(0, 20));
  watches.at(-1)!.write(line.slice(20));
}

test('the addresses are those of ready pods, follow each change, and are listed again when the watch ends', async () => {
  const stop = new AbortController();
  const source = kubernetesEndpoints('shop/products:grpc', stop.signal);
  const next = async () => (await source.next()).value as string[];
  expect(await next()).toEqual(['10.0.0.1:50051']);

  const second = next();
  await change({ type: 'ADDED', object: slice('two', ['fd00::1', true]) });
  expect(await second).toEqual(['10.0.0.1:50051', '[fd00::1]:50051']);
  const third = next();
  await change({ type: 'MODIFIED', object: slice('one', ['10.0.0.2', true]) });
  expect(await third).toEqual(['10.0.0.2:50051', '[fd00::1]:50051']);
  const fourth = next();
  await change({ type: 'DELETED', object: slice('two') });
  expect(await fourth).toEqual(['10.0.0.2:50051']);
  const fifth = next();
  items = [slice('one', ['10.0.0.5', true])];
  watches.at(-1)!.end();
  expect(await fifth).toEqual(['10.0.0.5:50051']);

  const list =
    '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dproducts';
  expect(asked[0]).toBe(list);
  expect(asked[1]).toContain(`${list}&`);
  expect(asked[1]).toContain('watch=1&resourceVersion=7');
  expect(asked[2]).toBe(list);
  const ended = source.next();
  stop.abort();
  await expect(ended).rejects.toThrow();
});

test('a name of another form is refused, and so is what the API refuses', async () => {
  const { signal } = new AbortController();
  await expect(kubernetesEndpoints('products', signal).next()).rejects.toThrow(
    'expected namespace/service:port-name, got products',
  );
  api.removeAllListeners('request');
  api.on('request', (_request, response: ServerResponse) => response.writeHead(403).end());
  await expect(kubernetesEndpoints('shop/products:grpc', signal).next()).rejects.toThrow('403 Forbidden');
});
