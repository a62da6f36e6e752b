import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { HealthService } from 'grpc-js-middleware/health';
import type { Report } from '../harness/report.js';

const STREAMS = 10_000;
const CHANGES = 5;
const watcher = fileURLToPath(new URL('../replicas/watcher.js', import.meta.url));

interface Measured {
  readonly name: string;
  readonly bytesPerStream: number;
  /** Of several changes, the median and the fastest: the latter is what a quiet machine would show. */
  readonly medianMs: number;
  readonly fastestMs: number;
}

/** What a server of the measurement does: adds its Watch to a server, and then changes the status when told to. */
interface Candidate {
  readonly name: string;
  readonly prepare: (server: Server) => (serving: boolean) => void;
}

/** The least that a server on grpc-js can do for Watch: it keeps the streams in a set, and writes to all of them. */
const bare: Candidate = {
  name: 'bare handler',
  prepare(server) {
    const streams = new Set<ServerWritableStream<Buffer, Buffer>>();
    const identity = (bytes: Buffer) => bytes;
    const watch = {
      path: '/grpc.health.v1.Health/Watch',
      requestStream: false,
      responseStream: true,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    };
    server.addService(
      { watch },
      {
        watch: (call: ServerWritableStream<Buffer, Buffer>) => {
          streams.add(call);
          call.on('cancelled', () => streams.delete(call));
          call.write(Buffer.from([8, 1]));
        },
      },
    );
    return (serving) => {
      for (const call of streams) call.write(Buffer.from([8, serving ? 1 : 2]));
    };
  },
};

const ours: Candidate = {
  name: 'HealthService',
  prepare(server) {
    const health = new HealthService();
    health.addTo(server);
    return (serving) => health.setStatus('', serving ? 'SERVING' : 'NOT_SERVING');
  },
};

/** What do 10,000 open Watch streams cost, and how soon does everybody hear of a change? */
export default async function watchStreams(): Promise<Report> {
  // The first run only warms up: compiled code is not a stream's memory.
  await measure(ours, 500);
  const measured = [await measure(bare, STREAMS), await measure(ours, STREAMS)] as const;
  const added = measured[1].bytesPerStream - measured[0].bytesPerStream;
  const { fastestMs } = measured[1];
  return {
    title: `${STREAMS.toLocaleString('en')} Watch streams on one server`,
    how: 'Ten connections of one client process; heap of the server after a collection, streams open less none open; then five changes, each until the last stream has heard it.',
    columns: ['server', 'bytes per stream', 'all hear a change within', 'fastest'],
    rows: measured.map(({ name, bytesPerStream, medianMs, fastestMs }) => [
      name,
      Math.round(bytesPerStream).toLocaleString('en'),
      `${medianMs} ms`,
      `${fastestMs} ms`,
    ]),
    figures: { addedBytesPerStream: added, medianMs: measured[1].medianMs, fastestMs },
    failures: [
      ...(added > 8_192 ? [`a stream costs ${Math.round(added)} bytes beyond grpc-js's own`] : []),
      ...(fastestMs > 1_000 ? [`a change took ${fastestMs} ms to reach everybody`] : []),
    ],
  };
}

async function measure({ name, prepare }: Candidate, streams: number): Promise<Measured> {
  const server = new Server();
  const change = prepare(server);
  const port = await listen(server);
  const before = await heapUsed();
  const client = fork(watcher, [String(streams), `127.0.0.1:${port}`]);
  try {
    await message(client);
    const bytesPerStream = ((await heapUsed()) - before) / streams;
    const took: number[] = [];
    for (let i = 0; i < CHANGES; i++) {
      const heard = message(client);
      const changedAt = Date.now();
      change(i % 2 === 1);
      took.push((await heard) - changedAt);
    }
    took.sort((x, y) => x - y);
    return { name, bytesPerStream, medianMs: took[Math.floor(CHANGES / 2)]!, fastestMs: took[0]! };
  } finally {
    client.kill('SIGKILL');
    server.forceShutdown();
    await delay(200);
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
}

async function message(client: ChildProcess): Promise<number> {
  const [at] = (await once(client, 'message')) as [number];
  return at;
}

async function heapUsed(): Promise<number> {
  await delay(300);
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
