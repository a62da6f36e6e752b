import { setTimeout as delay } from 'node:timers/promises';
import { credentials, status, type ClientOptions } from '@grpc/grpc-js';
import { promiseClient } from 'grpc-js-middleware/promises';
import { registerStaticResolver, roundRobin, type RoundRobinOptions } from 'grpc-js-middleware/resolver';
import { EchoRequest, EchoServiceClient } from 'grpc-js-middleware/testing';
import type { Replica } from './fleet.js';

export const kinds = ['unary', 'server_stream', 'client_stream', 'bidi_stream'] as const;
export type Kind = (typeof kinds)[number];

/** Calls of one kind that were made: how long each took, who answered, and how those ended that failed. */
export class Tally {
  readonly took: number[] = [];
  readonly answered: Record<string, number> = {};
  readonly failures: Record<string, number> = {};

  get failed(): number {
    return Object.values(this.failures).reduce((sum, count) => sum + count, 0);
  }

  /** The time that this share of the calls took at most, in milliseconds. */
  percentile(share: number): number {
    const sorted = this.took.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  }
}

let schemes = 0;

/** A client of the replicas, in round robin with health checks. */
export function connect(replicas: readonly Replica[], balancing: RoundRobinOptions = {}, options: ClientOptions = {}) {
  const scheme = `replicas-${++schemes}`;
  registerStaticResolver(scheme, { echo: replicas.map(({ address }) => address) });
  const raw = new EchoServiceClient(`${scheme}:///echo`, credentials.createInsecure(), {
    ...roundRobin({ healthCheck: { serviceName: 'echo' }, ...balancing }),
    ...options,
  });
  const client = promiseClient(raw);
  const request = EchoRequest.create({ text: 'x' });
  const requests = [request, request];
  const last = async (responses: AsyncIterable<{ text: string }>): Promise<string> => {
    let text = '';
    for await (const response of responses) text = response.text;
    return text;
  };
  const timeoutMs = 10_000;
  const make: Record<Kind, () => Promise<string>> = {
    unary: async () => (await client.echo(request, { timeoutMs })).text,
    server_stream: () => last(client.serverEcho(request, { timeoutMs })),
    client_stream: async () => (await client.clientEcho(requests, { timeoutMs })).text,
    bidi_stream: () => last(client.bidiEcho(requests, { timeoutMs })),
  };
  return { make, close: () => raw.close() };
}

/** Makes one call and writes down how it went. */
export async function record(tally: Tally, call: () => Promise<string>): Promise<void> {
  const startedAt = performance.now();
  try {
    const name = await call();
    tally.answered[name] = (tally.answered[name] ?? 0) + 1;
  } catch (error) {
    const code = status[(error as { code: status }).code] ?? String(error);
    tally.failures[code] = (tally.failures[code] ?? 0) + 1;
  }
  tally.took.push(performance.now() - startedAt);
}

/** Keeps so many calls of these kinds going, while `more` says so. */
export async function load(
  make: Record<Kind, () => Promise<string>>,
  chosen: readonly Kind[],
  width: number,
  more: (started: number) => boolean,
): Promise<Map<Kind, Tally>> {
  const tallies = new Map(chosen.map((kind) => [kind, new Tally()]));
  let started = 0;
  const worker = async () => {
    while (more(started)) {
      const kind = chosen[started++ % chosen.length]!;
      const tally = tallies.get(kind)!;
      await record(tally, make[kind]);
      // Calls that fail at once would keep timers and sockets from their turn, and the trial from its end.
      if (tally.failed > tally.took.length / 2) await delay(10);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return tallies;
}
