import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { CallContext } from 'grpc-js-middleware';
import { defineClientInterceptor, defineServerInterceptor, errorServerInterceptor } from 'grpc-js-middleware';
import { EchoRequest, startTestServer, type TestServer } from 'grpc-js-middleware/testing';
import type { Report } from '../harness/report.js';

const TOTAL = Number(process.env['SOAK_CALLS'] ?? 200_000);
const BATCH = 500;
const CHECKPOINTS = 5;

/** What is left once all calls have ended. */
interface Checkpoint {
  readonly calls: number;
  readonly heapMb: number;
  readonly contexts: number;
  readonly timers: number;
}

/** 200,000 calls of all kinds, a third of them cancelled or expired: what stays behind? */
export default async function soak(): Promise<Report> {
  const contexts: WeakRef<CallContext>[] = [];
  const watch = (call: CallContext): void => {
    if (Math.random() < 0.02) contexts.push(new WeakRef(call));
  };
  const server = await startTestServer({
    interceptors: [defineServerInterceptor('watch', () => watch), errorServerInterceptor()],
    clientInterceptors: [defineClientInterceptor('watch', () => watch)],
    // The log of events would be what grows.
    record: false,
  });
  const checkpoints: Checkpoint[] = [];
  let calls = 0;
  for (let checkpoint = 0; checkpoint <= CHECKPOINTS; checkpoint++) {
    // The first tenth only warms up: compiled code and pools are not a leak.
    const until = checkpoint === 0 ? TOTAL / 10 : (TOTAL * checkpoint) / CHECKPOINTS;
    for (; calls < until; calls += BATCH) await Promise.all(batch(server, calls));
    checkpoints.push(await settle(calls, contexts));
  }
  await server.close();
  return report(checkpoints);
}

function batch(server: TestServer, from: number): Promise<unknown>[] {
  return Array.from({ length: BATCH }, (_, index) => outcome(oneCall(server, from + index)));
}

/** The call's number decides its kind, and whether it is left alone, cancelled or expires. */
function oneCall({ client }: TestServer, number: number): Promise<unknown> {
  const fate = Math.floor(number / 4) % 6;
  const request = EchoRequest.fromPartial({ text: 'a', count: 3, delayMs: fate < 2 ? 2 : 0 });
  const abort = new AbortController();
  const options = { ...(fate === 0 ? { timeoutMs: 1 } : {}), ...(fate === 1 ? { signal: abort.signal } : {}) };
  const running = [
    () => client.echo(request, options),
    () => drain(client.serverEcho(request, options)),
    () => client.clientEcho([request, request], options),
    () => drain(client.bidiEcho([request, request], options)),
  ][number % 4]!();
  if (fate === 1) setImmediate(() => abort.abort());
  return running;
}

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _message of messages);
}

const outcome = (running: Promise<unknown>): Promise<unknown> => running.catch(() => undefined);

/** Waits until the process is at rest, collects, and counts. */
async function settle(calls: number, contexts: WeakRef<CallContext>[]): Promise<Checkpoint> {
  const { port1, port2 } = new MessageChannel();
  port2.postMessage(undefined);
  await once(port1, 'message');
  port1.close();
  for (let round = 0; round < 10; round++) {
    await turn();
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc?.();
  }
  return {
    calls,
    heapMb: process.memoryUsage().heapUsed / 1e6,
    contexts: contexts.filter((context) => context.deref() !== undefined).length,
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  };
}

function report(checkpoints: readonly Checkpoint[]): Report {
  const [warm, ...rest] = checkpoints as [Checkpoint, ...Checkpoint[]];
  const last = rest.at(-1)!;
  const growth = last.heapMb - warm.heapMb;
  const failures = [
    ...(growth > 3 ? [`the heap grew by ${growth.toFixed(1)} MB`] : []),
    ...(last.contexts > 0 ? [`${last.contexts} contexts stayed`] : []),
    ...(last.timers > warm.timers ? [`${last.timers - warm.timers} timers stayed`] : []),
  ];
  return {
    title: `Soak: ${TOTAL.toLocaleString('en')} calls of all kinds, a third of them cancelled or expired`,
    how: 'Client and server in one process, 500 calls at a time; after each checkpoint the heap is collected and what is left is counted. One context in fifty is watched.',
    columns: ['after calls', 'heap MB', 'contexts left', 'timers'],
    rows: checkpoints.map(({ calls, heapMb, contexts, timers }) => [
      calls.toLocaleString('en'),
      heapMb.toFixed(1),
      String(contexts),
      String(timers),
    ]),
    figures: { growthMb: growth, contexts: last.contexts, timers: last.timers },
    failures,
  };
}
