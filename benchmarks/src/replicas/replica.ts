// One replica of the Echo service in a process of its own: NAME and PORT are its arguments. It answers with its name,
// and drains on SIGTERM.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthService } from 'grpc-js-middleware/health';
import { onSignals, shutdownGracefully, trackCalls } from 'grpc-js-middleware/lifecycle';
import { implement } from 'grpc-js-middleware/promises';
import { EchoServiceService } from 'grpc-js-middleware/testing';

const [name = 'replica', port = '0'] = process.argv.slice(2);
const answer = { text: name, count: 1, payload: Buffer.alloc(0) };
const calls = trackCalls();
const server = new Server({ interceptors: [calls] });

server.addService(
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
const health = new HealthService({ services: ['echo'] });
health.addTo(server);
onSignals(['SIGTERM'], ({ force }) =>
  shutdownGracefully(server, { calls, health, drainDelayMs: 300, timeoutMs: 5_000, force }),
);
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
  if (error !== null) throw error;
  process.send?.(bound);
});
