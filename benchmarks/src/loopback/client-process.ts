// A client in a process of its own. Usage: client-process.js MODULE NAME, where MODULE exports `clients` by name.
import { answerQuestions } from '../harness/worker.js';
import type { Caller, Clients, Kind } from './clients.js';

export interface Load {
  readonly port: number;
  readonly kind: Kind;
  readonly calls: number;
  /** Calls in flight. */
  readonly concurrency: number;
  /** A major collection in the middle of it. */
  readonly collect?: boolean;
}

/** What a load did to its client. */
export interface ClientUse {
  readonly cpuUs: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [module, name] = process.argv.slice(2) as [string, string];
const { clients } = (await import(`../${module}.js`)) as { clients: Clients };
const connect = clients[name];
if (connect === undefined) throw new Error(`No client named '${name}' in ${module}`);

const callers = new Map<number, Promise<Caller>>();

answerQuestions<Load, ClientUse>('ready', async ({ port, kind, calls, concurrency, collect = false }) => {
  if (!callers.has(port)) callers.set(port, connect(port));
  const call = (await callers.get(port)!)[kind];
  const latencies: number[] = [];
  let left = calls;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      if (collect && left === calls >> 1) globalThis.gc!();
      const from = performance.now();
      await call();
      latencies.push(performance.now() - from);
    }
  };
  const before = process.cpuUsage();
  const from = performance.now();
  await Promise.all(Array.from({ length: concurrency }, one));
  const elapsedMs = performance.now() - from;
  const { user, system } = process.cpuUsage(before);
  latencies.sort((a, b) => a - b);
  return {
    cpuUs: user + system,
    elapsedMs,
    p50Ms: latencies[Math.floor(latencies.length * 0.5)]!,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)]!,
  };
});
