import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { HealthService, watchHealth } from 'grpc-js-middleware/health';
import { shutdownGracefully, trackCalls } from 'grpc-js-middleware/lifecycle';
import { implement, promiseClient } from 'grpc-js-middleware/promises';
import { registerStaticResolver, roundRobin } from 'grpc-js-middleware/resolver';
import { EchoRequest, EchoServiceClient, EchoServiceService } from 'grpc-js-middleware/testing';

/** A replica in this process that stops as a deployment stops it, and starts again on its port. */
class Replica {
  port = 0;
  health = new HealthService();
  #calls = trackCalls();
  #server = new Server();

  async start(): Promise<void> {
    const answer = { text: 'x', count: 1, payload: Buffer.alloc(0) };
    this.health = new HealthService({ services: ['echo'] });
    this.#calls = trackCalls();
    this.#server = new Server({ interceptors: [this.#calls] });
    this.health.addTo(this.#server);
    this.#server.addService(
      EchoServiceService,
      implement(EchoServiceService, {
        echo: () => answer,
        async *serverEcho() {
          for (let i = 0; i < 3; i++) yield await Promise.resolve(answer);
        },
        async clientEcho(requests) {
          for await (const _request of requests);
          return answer;
        },
        async *bidiEcho(requests) {
          for await (const _request of requests) yield answer;
        },
      }),
    );
    this.port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync(`127.0.0.1:${this.port}`, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    );
  }

  stop() {
    const { health } = this;
    return shutdownGracefully(this.#server, { calls: this.#calls, health, drainDelayMs: 20, timeoutMs: 60_000 });
  }
}

const replicas = [new Replica(), new Replica(), new Replica()];
let close = () => {};
afterEach(async () => {
  close();
  await Promise.all(replicas.map((replica) => replica.stop()));
});

describe('a rolling restart', () => {
  test('fails no call of any kind, and open Watch streams hold nobody up', async () => {
    for (const replica of replicas) await replica.start();
    registerStaticResolver('rolling', { echo: replicas.map(({ port }) => `127.0.0.1:${port}`) });
    const raw = new EchoServiceClient('rolling:///echo', credentials.createInsecure(), {
      ...roundRobin({ healthCheck: { serviceName: 'echo' } }),
      'grpc.initial_reconnect_backoff_ms': 50,
    });
    close = () => raw.close();
    const client = promiseClient(raw);
    const request = EchoRequest.create({ text: 'x' });
    const drain = async (responses: AsyncIterable<unknown>) => {
      for await (const _response of responses);
    };
    const kinds = [
      () => client.echo(request),
      () => drain(client.serverEcho(request)),
      () => client.clientEcho([request, request]),
      () => drain(client.bidiEcho([request, request])),
    ];
    const failures: unknown[] = [];
    let made = 0;
    let restarted = false;
    const worker = async () => {
      while (!restarted) await kinds[made++ % 4]!().catch((error: unknown) => failures.push(error));
    };
    const workers = Array.from({ length: 8 }, worker);
    for (const replica of replicas) {
      const heard: string[] = [];
      const watched = (async () => {
        for await (const status of watchHealth(`127.0.0.1:${replica.port}`)) heard.push(status);
      })();
      while (heard.length === 0) await client.echo(request);
      expect(await replica.stop()).toMatchObject({ ended: 0, forced: false });
      await watched;
      expect(heard).toEqual(['SERVING', 'NOT_SERVING']);
      await replica.start();
      // Only when this one is back in rotation, which its Watch shows, does the next one stop.
      while (replica.health.watching === 0) await client.echo(request);
    }
    restarted = true;
    await Promise.all(workers);
    expect(failures).toEqual([]);
    expect(made).toBeGreaterThan(10);
  });
});
