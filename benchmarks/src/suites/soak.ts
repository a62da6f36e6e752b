import type { Metadata } from '@grpc/grpc-js';
import { statusName } from 'grpc-js-middleware';
import { startTestServer, type TestServer } from 'grpc-js-middleware/testing';
import { registerSdk } from '../features/sdk.js';
import { callMetadata } from '../features/token.js';
import type { Report } from '../harness/report.js';
import { oneCall, TOO_LARGE } from '../soak/calls.js';
import { ContextWatch, whatRemains, type Remains } from '../soak/remains.js';
import { clientStack, serverStack, type Watch } from '../soak/stacks.js';

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 10);
const BATCH = 200;
/** All connections are lost in the middle of each such batch. */
const LOSS_EVERY = 25;
const CHECKPOINTS = 10;

const MB_GROWTH_ALLOWED = 5;

interface Checkpoint extends Remains {
  readonly minutes: number;
  readonly calls: number;
}

/** Ten minutes of calls of all kinds that end in all ways, through everything there is: what stays behind? */
export default async function soak(): Promise<Report[]> {
  if (!(MINUTES > 0)) throw new Error(`SOAK_MINUTES must be a number above 0, not ${process.env['SOAK_MINUTES']}`);
  registerSdk();
  const contexts = new ContextWatch();
  const ends = new Map<string, number>();
  const watch: Watch = {
    context: contexts.add,
    end: (code, origin) => {
      const end = `${statusName(code)}, ${origin}`;
      ends.set(end, (ends.get(end) ?? 0) + 1);
    },
  };
  const server = await startTestServer({
    interceptors: serverStack(watch),
    clientInterceptors: clientStack(watch),
    serverOptions: { 'grpc.max_receive_message_length': TOO_LARGE / 2 },
    record: false,
  });
  const metadata = await callMetadata();
  const checkpoints: Checkpoint[] = [];
  const startedAt = performance.now();
  const minutes = (): number => (performance.now() - startedAt) / 60_000;
  let batches = 0;
  for (let checkpoint = 1; checkpoint <= CHECKPOINTS; checkpoint++) {
    while (minutes() < (MINUTES * checkpoint) / CHECKPOINTS) await runBatch(server, metadata, batches++);
    checkpoints.push({ minutes: minutes(), calls: batches * BATCH, ...(await whatRemains(contexts)) });
  }
  await server.close();
  return [remainsReport(checkpoints), endsReport(ends)];
}

async function runBatch(server: TestServer, metadata: Metadata, batch: number): Promise<void> {
  const from = batch * BATCH;
  const running = Array.from({ length: BATCH }, (_, index) => oneCall(server, metadata, from + index));
  if (batch % LOSS_EVERY === LOSS_EVERY - 1) server.server.drain(server.address, 1);
  await Promise.all(running);
}

function remainsReport(checkpoints: readonly Checkpoint[]): Report {
  // The first tenth only warms up: compiled code and pools are not a leak.
  const [warm, ...rest] = checkpoints as [Checkpoint, ...Checkpoint[]];
  const last = rest.at(-1)!;
  const growthMb = last.heapMb - warm.heapMb;
  const stayed = (what: 'timers' | 'handles' | 'listeners'): string[] =>
    last[what] > warm[what] ? [`${last[what] - warm[what]} ${what} stayed`] : [];
  return {
    title: `Soak: ${last.calls.toLocaleString('en')} calls of all kinds in ${Math.round(last.minutes)} minutes, ending in all ways`,
    how: `Client and server in one process, each with everything it may list and a tracing SDK, ${BATCH} calls at a time; at each checkpoint the heap is collected and what is left is counted. One context in fifty is watched; listeners are those on sockets, servers and the process.`,
    columns: ['minutes', 'calls', 'heap MB', 'RSS MB', 'contexts left', 'timers', 'handles', 'listeners'],
    rows: checkpoints.map((each) => [
      each.minutes.toFixed(1),
      each.calls.toLocaleString('en'),
      each.heapMb.toFixed(1),
      each.rssMb.toFixed(0),
      String(each.contexts),
      String(each.timers),
      String(each.handles),
      String(each.listeners),
    ]),
    figures: {
      growthMb,
      contexts: last.contexts,
      timers: last.timers,
      handles: last.handles,
      listeners: last.listeners,
    },
    failures: [
      ...(growthMb > MB_GROWTH_ALLOWED ? [`the heap grew by ${growthMb.toFixed(1)} MB`] : []),
      ...(last.contexts > 0 ? [`${last.contexts} contexts stayed`] : []),
      ...stayed('timers'),
      ...stayed('handles'),
      ...stayed('listeners'),
    ],
  };
}

function endsReport(ends: ReadonlyMap<string, number>): Report {
  const sorted = [...ends].toSorted(([, a], [, b]) => b - a);
  return {
    title: 'Soak: how those calls ended',
    how: 'As the server told its interceptors: the code, and where it came from.',
    columns: ['end', 'calls'],
    rows: sorted.map(([end, count]) => [end, count.toLocaleString('en')]),
    figures: Object.fromEntries(sorted),
    failures: [],
  };
}
