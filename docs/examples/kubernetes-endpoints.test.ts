import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { kubernetesEndpoints } from './kubernetes-endpoints.js';

let api: Server;
let asked: string[] = [];
/** What the API lists, and the watch that is open. */
let items: object[] = [];
let watching: (response: ServerResponse) => void;
let watch: Promise<ServerResponse>;

const slice = (name: string, ...addresses: string[]) => ({
  metadata: { name },
  endpoints: [{ addresses, conditions: { ready: true } }],
  ports: [{ name: 'grpc', port: 50051 }],
});
const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;

beforeEach(async () => {
  asked = [];
  watch = new Promise((resolve) => {
    watching = resolve;
  });
  api = createServer((request, response) => {
    asked.push(request.url!);
    if (request.url!.includes('watch=1')) {
      response.writeHead(200).flushHeaders();
      watching(response);
    } else response.end(JSON.stringify({ items, metadata: { resourceVersion: '7' } }));
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('KUBERNETES_API', `http://127.0.0.1:${(api.address() as AddressInfo).port}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  api.closeAllConnections();
  api.close();
});

test('the addresses are those of ready pods, and follow each change', async () => {
  items = [
    {
      ...slice('a', '10.0.0.1'),
      endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.9'], conditions: { ready: false } }],
    },
  ];
  const stop = new AbortController();
  const source = kubernetesEndpoints('shop/products:grpc', stop.signal);

  expect((await source.next()).value).toEqual(['10.0.0.1:50051']);
  const added = source.next();
  const open = await watch;
  const event = line('ADDED', slice('b', 'fd00::2'));
  open.write(event.slice(0, 20));
  open.write(event.slice(20));
  expect((await added).value).toEqual(['10.0.0.1:50051', '[fd00::2]:50051']);
  open.write(line('DELETED', slice('a')));
  expect((await source.next()).value).toEqual(['[fd00::2]:50051']);

  expect(asked[0]).toBe(
    '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dproducts',
  );
  expect(asked[1]).toContain('watch=1&resourceVersion=7');
  stop.abort();
  await expect(source.next()).rejects.toThrow();
});

test('a watch that ends is followed by a new list', async () => {
  items = [slice('a', '10.0.0.1')];
  const stop = new AbortController();
  const source = kubernetesEndpoints('shop/products:grpc', stop.signal);
  await source.next();
  const relisted = source.next();
  items = [slice('a', '10.0.0.5')];
  (await watch).end();

  expect((await relisted).value).toEqual(['10.0.0.5:50051']);
  stop.abort();
  await source.return(undefined);
});

test('a name of another form is refused', async () => {
  await expect(kubernetesEndpoints('products', new AbortController().signal).next()).rejects.toThrow(
    'expected namespace/service:port-name, got products',
  );
});
