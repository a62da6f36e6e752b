import { mustHaveDone } from '../features/work.js';
import { Worker } from '../harness/worker.js';
import type { ClientUse, Load } from './client-process.js';
import { STREAM_LENGTH, type Kind } from './clients.js';
import type { ServerQuestion, ServerUse } from './server-process.js';

/** A server and a client that call each other. */
export interface Setup {
  /** As it stands in the table. */
  readonly name: string;
  readonly server: string;
  /** @default 'loopback/servers' */
  readonly serverModule?: string;
  /** @default 'bare' */
  readonly client?: string;
  /** @default 'loopback/clients' */
  readonly clientModule?: string;
  /** @default 'unary' */
  readonly kind?: Kind;
  /** The ratio of server CPU to the first setup that is aimed at. */
  readonly target?: number;
  /** The first setup once more: ratios are to the mean of all such, which halves their noise, and its own shows it. */
  readonly control?: boolean;
}

export interface Rounds {
  /** Of each generation of processes. */
  readonly rounds: number;
  /** Per setup and round: enough that a major collection is none of a single round's. Of long streams, a 250th. */
  readonly calls: number;
}

/** What a setup did, per call, over the rounds. */
export interface Outcome {
  readonly name: string;
  readonly target: number | undefined;
  readonly serverUs: Quartiles;
  /** To the first setup, and its controls, in the same round. */
  readonly serverRatio: Quartiles;
  readonly clientUs: Quartiles;
  /** To the first setup, and its controls, in the same round. */
  readonly clientRatio: Quartiles;
  readonly callsPerSecond: Quartiles;
  readonly p50Ms: Quartiles;
  readonly p99Ms: Quartiles;
  /** Of the server, after a collection at the end; the median of its generations. */
  readonly rssMb: number;
}

export interface Quartiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/** A setup, and what all generations of its processes have shown. */
interface Measured {
  readonly setup: Setup;
  readonly samples: Sample[];
  readonly rssMb: number[];
}

interface Running extends Measured {
  readonly server: Worker;
  readonly port: number;
  readonly client: Worker;
  /** Made so far, warming up included. */
  calls: number;
}

interface Sample {
  readonly serverUs: number;
  readonly clientUs: number;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Which of several ways V8 compiles a process's code in is settled once, by chance: new processes, new chances. */
const GENERATIONS = 6;
/** Before the first round: with fewer, what is measured is how V8 compiles. Of long streams, a 250th. */
const WARMUP_CALLS = 10_000;
/** With major collections meanwhile. Of long streams, a 250th. */
const AGEING_CALLS = 4_000;
const CONCURRENCY = 32;

/**
 * Starts every setup in processes of its own, then lets one at a time work, in turn, round by round: what slows the
 * machine down slows all of them. The first setup is what the others are compared with.
 */
export async function overLoopback(setups: readonly Setup[], rounds: Rounds): Promise<Outcome[]> {
  const measured: Measured[] = setups.map((setup) => ({ setup, samples: [], rssMb: [] }));
  for (let generation = 0; generation < GENERATIONS; generation++) await live(measured, rounds);
  const bare = measured.filter(({ setup }, index) => index === 0 || setup.control);
  return measured.map((each) => outcomeOf(each, bare));
}

/** One generation of processes, from start to end. */
async function live(measured: readonly Measured[], { rounds, calls }: Rounds): Promise<void> {
  const running: Running[] = [];
  try {
    for (const each of measured) running.push(await start(each));
    for (const each of running) await run(each, WARMUP_CALLS);
    for (const each of running) await growOld(each);
    for (let round = 0; round < rounds; round++) {
      for (const each of running) each.samples.push(await run(each, calls));
    }
    for (const each of running) await conclude(each);
  } finally {
    for (const { server, client } of running) {
      server.stop();
      client.stop();
    }
  }
}

async function start(measured: Measured): Promise<Running> {
  const { serverModule = 'loopback/servers', clientModule = 'loopback/clients', ...setup } = measured.setup;
  const server = await Worker.start<{ port: number }>('loopback/server-process', [serverModule, setup.server]);
  const caller = await Worker.start('loopback/client-process', [clientModule, setup.client ?? 'bare']);
  return { ...measured, server: server.worker, port: server.ready.port, client: caller.worker, calls: 0 };
}

/**
 * Major collections while calls are running, as every process has seen some before long. From the first on, V8 keeps the
 * streams of a connection until the next one (Node holds them in a Map, and V8 chains the tables that a Map outgrows):
 * calls cost more than before, bare ones too, and when that begins would else be left to chance.
 */
async function growOld(running: Running): Promise<void> {
  const load = running.client.ask<ClientUse>({ ...loadOf(running, AGEING_CALLS), collect: true });
  for (let count = 0; count < 10; count++)
    await running.server.ask<ServerUse>({ collect: true } satisfies ServerQuestion);
  await load;
}

function loadOf(running: Running, unaryCalls: number): Load {
  const { kind = 'unary' } = running.setup;
  const calls = kind === 'unary' ? unaryCalls : Math.ceil(unaryCalls / 250);
  running.calls += calls;
  return { port: running.port, kind, calls, concurrency: kind === 'unary' ? CONCURRENCY : 2 };
}

async function run(running: Running, unaryCalls: number): Promise<Sample> {
  const { server, client } = running;
  const load = loadOf(running, unaryCalls);
  const { kind, calls } = load;
  const before = await server.ask<ServerUse>({});
  const use = await client.ask<ClientUse>(load);
  const after = await server.ask<ServerUse>({});
  const operations = kind === 'unary' ? calls : calls * STREAM_LENGTH;
  return {
    serverUs: (after.cpuUs - before.cpuUs) / operations,
    clientUs: use.cpuUs / operations,
    callsPerSecond: (operations / use.elapsedMs) * 1000,
    p50Ms: use.p50Ms,
    p99Ms: use.p99Ms,
  };
}

/** Makes sure that what was measured was done. */
async function conclude({ setup, server, calls, rssMb: all }: Running): Promise<void> {
  const { rssMb, done } = await server.ask<ServerUse>({ end: true });
  mustHaveDone(setup.name, done!, calls);
  all.push(rssMb);
}

function outcomeOf({ setup, samples, rssMb }: Measured, bare: readonly Measured[]): Outcome {
  const each = (of: (sample: Sample) => number): Quartiles => quartiles(samples.map(of));
  const ratio = (of: (sample: Sample) => number): Quartiles =>
    quartiles(
      samples.map((sample, round) => (of(sample) * bare.length) / sum(bare.map((one) => of(one.samples[round]!)))),
    );
  return {
    name: setup.name,
    target: setup.target,
    serverUs: each((sample) => sample.serverUs),
    serverRatio: ratio((sample) => sample.serverUs),
    clientUs: each((sample) => sample.clientUs),
    clientRatio: ratio((sample) => sample.clientUs),
    callsPerSecond: each((sample) => sample.callsPerSecond),
    p50Ms: each((sample) => sample.p50Ms),
    p99Ms: each((sample) => sample.p99Ms),
    rssMb: quartiles(rssMb).median,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function quartiles(samples: readonly number[]): Quartiles {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (quarter: number): number => sorted[Math.round(((sorted.length - 1) * quarter) / 4)]!;
  return { lower: at(1), median: at(2), upper: at(3) };
}
