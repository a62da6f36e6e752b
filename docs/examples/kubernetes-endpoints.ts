// #region source
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const account = '/var/run/secrets/kubernetes.io/serviceaccount';

interface EndpointSlice {
  readonly metadata: { readonly name: string };
  readonly endpoints?: { readonly addresses: string[]; readonly conditions?: { readonly ready?: boolean } }[];
  readonly ports?: { readonly name?: string; readonly port?: number }[];
}

/** Yields the addresses of a Service's ready pods, for names of the form `namespace/service:port-name`. */
export async function* kubernetesEndpoints(name: string, signal: AbortSignal): AsyncGenerator<string[]> {
  const [, namespace, service, portName] = /^([^/]+)\/([^:]+):(.+)$/.exec(name) ?? [];
  if (service === undefined) throw new Error(`expected namespace/service:port-name, got ${name}`);
  const api = `https://${process.env.KUBERNETES_SERVICE_HOST}:${process.env.KUBERNETES_SERVICE_PORT}`;
  const url = new URL(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    process.env.KUBERNETES_API ?? api,
  );
  url.searchParams.set('labelSelector', `kubernetes.io/service-name=${service}`);

  while (!signal.aborted) {
    const { items, metadata } = (await (await ask(url, signal)).json()) as {
      items: EndpointSlice[];
      metadata: { resourceVersion: string };
    };
    const slices = new Map(items.map((slice) => [slice.metadata.name, slice]));
    yield addressesOf(slices.values(), portName!);

    const watch = new URL(url);
    watch.searchParams.set('watch', '1');
    watch.searchParams.set('resourceVersion', metadata.resourceVersion);
    for await (const line of linesOf(await ask(watch, signal))) {
      const { type, object } = JSON.parse(line) as { type: string; object: EndpointSlice };
      if (type === 'ERROR') break; // too old a version, mostly: list again
      if (type === 'DELETED') slices.delete(object.metadata.name);
      else slices.set(object.metadata.name, object);
      yield addressesOf(slices.values(), portName!);
    }
    await delay(1_000, undefined, { signal }); // an API that ends every watch at once is not asked without pause
  }
}

async function ask(url: URL, signal: AbortSignal): Promise<Response> {
  const token = (await readFile(`${account}/token`, 'utf8').catch(() => '')).trim(); // anew each time: it rotates
  const response = await fetch(url, { signal, headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status} ${response.statusText}`);
  return response;
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines.filter((line) => line !== '');
  }
}

function addressesOf(slices: Iterable<EndpointSlice>, portName: string): string[] {
  return [...slices].flatMap(({ endpoints = [], ports = [] }) => {
    const port = ports.find(({ name = '' }) => name === portName)?.port;
    const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
    return ready.flatMap(({ addresses }) =>
      addresses.map((ip) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
    );
  });
}
// #endregion
