import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kubernetesEndpoints } from './kubernetes-source.fixture.js';

const slice = (name: string, ...pods: [ip: string, ready: boolean][]) => ({
  metadata: { name },
  endpoints: pods.map(([ip, ready]) => ({ addresses: [ip], conditions: { ready } })),
  ports: [
    { name: 'http', port: 80 },
    { name: 'grpc', port: 50051 },
  ],
});

let api: Server;
let watches: ServerResponse[];
let asked: string[];

beforeEach(async () => {
  watches = [];
  asked = [];
  api = createServer((request, response) => {
    const url = new URL(request.url!, 'http://api');
    asked.push(`${url.pathname} ${url.searchParams.get('labelSelector')} ${url.searchParams.get('resourceVersion')}`);
    if (url.searchParams.has('watch')) return void (response.flushHeaders(), watches.push(response));
    const items = [slice('one', ['10.0.0.1', true], ['10.0.0.2', false])];
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

async function change(event: object): Promise<void> {
  await vi.waitFor(() => expect(watches).not.toEqual([]), { interval: 1 });
  watches.at(-1)!.write(`${JSON.stringify(event)}\n`);
}

describe('the recipe for Kubernetes', () => {
  it('is what the page shows', () => {
    const code = readFileSync('src/resolver/kubernetes-source.fixture.ts', 'utf8');
    expect(readFileSync('docs/recipes/kubernetes.md', 'utf8')).toContain(code);
  });

  it('lists, watches, and lists again when the watch ends', async () => {
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
    watches.at(-1)!.end();
    expect(await fifth).toEqual(['10.0.0.1:50051']);
    const path = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices kubernetes.io/service-name=products';
    expect(asked).toEqual([`${path} null`, `${path} 7`, `${path} null`]);
    const ended = source.next();
    stop.abort();
    await expect(ended).rejects.toThrow();
  });

  it('throws for a name that it does not understand, and for an API that refuses', async () => {
    const { signal } = new AbortController();
    await expect(kubernetesEndpoints('products', signal).next()).rejects.toThrow('namespace/service:port-name');
    api.removeAllListeners('request');
    api.on('request', (_request, response: ServerResponse) => response.writeHead(403).end());
    await expect(kubernetesEndpoints('shop/products:grpc', signal).next()).rejects.toThrow('403 Forbidden');
  });
});
