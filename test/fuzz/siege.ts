import { Registry } from 'prom-client';
import { deadlineServerInterceptor } from '../../src/deadlines/index.js';
import { trackCalls } from '../../src/lifecycle/index.js';
import { metricsServerInterceptor } from '../../src/metrics/index.js';
import { concurrencyLimitServerInterceptor, loadSheddingServerInterceptor } from '../../src/overload/index.js';
import { implement } from '../../src/promises/index.js';
import { idempotencyServerInterceptor, memoryIdempotencyStore } from '../../src/retry/index.js';
import { EchoRequest, EchoServiceService } from '../../src/gen/grpc_js_middleware/testing/v1/echo.js';
import { echoHandlers } from '../../src/testing/echo-handlers.js';
import { echoServer } from '../support/echo-server.js';
import { Peer, ways, type Draw } from './abuse.js';

/** How a siege is run. */
export interface SiegeOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Names of ways to leave out. */
  readonly without?: readonly string[];
  /** How long the server waits for a client that takes nothing, in ms. */
  readonly lingerMs: number;
  /** How long calls may take to be let go once their clients went wrong, in ms. */
  readonly graceMs: number;
}

/** What came of it. */
export interface Siege {
  readonly connections: number;
  /** What is not at zero, or does not work, each as a sentence. */
  readonly faults: readonly string[];
}

/** Many bad clients at once against a server that counts its calls in every way, which then has to be at rest and serve. */
export async function besiege({ seconds, seed, without = [], lingerMs, graceMs }: SiegeOptions): Promise<Siege> {
  const counts = counters(lingerMs);
  const echo = await echoServer(counts.interceptors, implement(EchoServiceService, echoHandlers));
  const chosen = ways.filter(({ name }) => !without.includes(name));
  const draw = drawFrom(seed);
  const until = performance.now() + seconds * 1000;
  const open = new Set<Peer>();
  let connections = 0;
  while (performance.now() < until) {
    const { settings, run } = chosen[draw(chosen.length)]!;
    const peer = new Peer(echo.port, settings);
    connections++;
    open.add(peer);
    peer.socket.on('close', () => open.delete(peer));
    run(peer, draw);
    setTimeout(() => (draw(2) === 0 ? peer.socket.destroy() : peer.socket.end()), draw(60));
    // A place in time for the server, which lives in the same process.
    await new Promise((resolve) => (open.size > 60 ? setTimeout(resolve, 20) : setImmediate(resolve)));
  }
  // All but those with a window of 0 are gone; these go, too, so that the server has to notice.
  for (const peer of open) peer.socket.destroy();
  const faults = await atRest(counts, graceMs);
  const served = await new Promise<Error | null>((resolve) =>
    echo.connect().echo(EchoRequest.fromPartial({ text: 'still there?' }), (error) => resolve(error)),
  );
  echo.close();
  return {
    connections,
    faults: served === null ? faults : [...faults, `the server does not serve: ${served.message}`],
  };
}

function counters(lingerMs: number) {
  const limit = concurrencyLimitServerInterceptor({ max: 64, queue: 16, queueTimeoutMs: 200 });
  const shedder = loadSheddingServerInterceptor({ dryRun: true });
  const tracked = trackCalls();
  const registry = new Registry();
  const idempotency = idempotencyServerInterceptor({
    methods: 'grpc_js_middleware.testing.v1.EchoService/Echo',
    store: memoryIdempotencyStore(),
    waitMs: 50,
  });
  return {
    interceptors: [
      metricsServerInterceptor({ register: registry }),
      tracked,
      deadlineServerInterceptor({ lingerMs }),
      shedder,
      limit,
      idempotency,
    ],
    async busy(): Promise<string[]> {
      const gauges = (await registry.metrics()).matchAll(
        /^grpc_server_in_flight\{.*grpc_method="(\w+)".*\} ([1-9]\d*)$/gm,
      );
      return [
        ...(limit.running + limit.queued === 0
          ? []
          : [`the limit counts ${limit.running} running, ${limit.queued} queued`]),
        ...(shedder.inFlight === 0 ? [] : [`the shedder counts ${shedder.inFlight} in flight`]),
        ...(tracked.size === 0 ? [] : [`${tracked.size} calls are tracked`]),
        ...[...gauges].map(([, method, count]) => `the gauge of ${method} says ${count}`),
      ];
    },
  };
}

async function atRest({ busy }: ReturnType<typeof counters>, graceMs: number): Promise<string[]> {
  const until = performance.now() + graceMs;
  for (;;) {
    const faults = await busy();
    if (faults.length === 0 || performance.now() > until) return faults;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Park and Miller's generator. */
function drawFrom(seed: number): Draw {
  let state = (seed % 2147483646) + 1;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}
