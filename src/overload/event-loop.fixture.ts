import type { LoopSample, SampleListener } from './loop-delay.js';
import { Shedder } from './shedder.js';

// An event loop in virtual time, turn by turn as Node's: timers, then everything that has arrived is read and decided
// about, then the work of what was admitted runs. A real one would measure the machine as much as the shedder.

/** What the simulated server is asked to do. */
export interface Scenario {
  readonly ratePerSecond: number;
  readonly durationMs: number;
  /** CPU per call. */
  readonly burnMs: number;
  /** What a call waits for between its arrival and its CPU work, without burdening the server. @default 0 */
  readonly ioMs?: number;
  /** CPU that a refusal costs. @default 0.12 */
  readonly refuseMs?: number;
  readonly targetMs?: number;
  /** Calls of one connection are read together, and those admitted run before the next one is read. @default 4 */
  readonly connections?: number;
  /** @default 5 for all */
  readonly priority?: () => number;
  readonly shed?: boolean;
  readonly seed?: number;
  /** A stretch at the beginning that is not counted. @default 1000 */
  readonly warmUpMs?: number;
}

/** What became of the calls. */
export interface Served {
  readonly goodput: number;
  readonly p50: number;
  readonly p99: number;
  readonly refused: number;
  /** The share of calls of each priority that were admitted. */
  readonly admitted: Readonly<Record<number, number>>;
}

interface Call {
  readonly dueAt: number;
  readonly connection: number;
  readonly priority: number;
}

const DEADLINE_MS = 500;

/** Calls that come at random (Poisson) through a loop that serves them. */
export function simulate(scenario: Scenario): Served {
  const { ratePerSecond, durationMs, burnMs, ioMs = 0, refuseMs = 0.12, targetMs = 10, warmUpMs = 1_000 } = scenario;
  const random = randomFrom(scenario.seed ?? 1);
  const sensor = new Sensor();
  const shedder = new Shedder(targetMs, (intervalMs, onSample) => sensor.with(intervalMs, onSample));
  const nextGap = (): number => (-Math.log(1 - random()) * 1000) / ratePerSecond;
  const took: number[] = [];
  const came: Record<number, number> = {};
  const admitted: Record<number, number> = {};
  let refused = 0;
  let now = 0;
  const { connections = 4 } = scenario;
  const arrivals: Call[] = [];
  for (let dueAt = nextGap(); dueAt < durationMs; dueAt += nextGap()) {
    arrivals.push({ dueAt, connection: arrivals.length % connections, priority: scenario.priority?.() ?? 5 });
  }
  /** Calls on their way or in a socket, by connection. */
  const sockets = Array.from({ length: connections }, (_, number) =>
    arrivals.filter(({ connection }) => connection === number),
  );
  /** Calls whose I/O is done at this time, in order. */
  const ready: { readonly at: number; readonly call: Call }[] = [];

  const decide = (call: Call): void => {
    const counts = call.dueAt >= warmUpMs;
    if (counts) came[call.priority] = (came[call.priority] ?? 0) + 1;
    if (scenario.shed !== false && !shedder.decide(call.priority)) {
      now += refuseMs;
      if (counts) refused++;
      return;
    }
    if (counts) admitted[call.priority] = (admitted[call.priority] ?? 0) + 1;
    shedder.begin();
    ready.push({ at: now + ioMs, call });
  };
  const work = (call: Call): void => {
    now += burnMs;
    shedder.end();
    if (call.dueAt >= warmUpMs) took.push(now - call.dueAt);
  };

  while (now < durationMs) {
    sensor.turn(now);
    const turnAt = now;
    const answered = ready.filter(({ at }) => at <= turnAt);
    ready.splice(0, answered.length);
    for (const { call } of answered) work(call);
    for (const socket of sockets) {
      const readAt = now;
      while (socket.length > 0 && socket[0]!.dueAt <= readAt) decide(socket.shift()!);
      // Work without I/O runs at once; work after I/O in the turn that hears of it.
      if (ioMs === 0) for (const { call } of ready.splice(0)) work(call);
    }
    if (now > turnAt) continue;
    const nextDue = Math.min(...sockets.map((socket) => socket[0]?.dueAt ?? Infinity));
    now = Math.min(nextDue, ready[0]?.at ?? Infinity, Math.max(sensor.dueAt, now + 0.01));
  }
  const inTime = took.filter((ms) => ms <= DEADLINE_MS);
  const seconds = (durationMs - warmUpMs) / 1000;
  return {
    goodput: inTime.length / seconds,
    p50: percentile(inTime, 0.5),
    p99: percentile(inTime, 0.99),
    refused: refused / seconds,
    admitted: Object.fromEntries(Object.entries(came).map(([name, n]) => [name, (admitted[Number(name)] ?? 0) / n])),
  };
}

/** The timer of a loop whose time is simulated. */
class Sensor {
  dueAt = Infinity;
  private armedAt = 0;
  private now = 0;
  private intervalMs = 0;
  private onSample: SampleListener = () => false;

  with(intervalMs: number, onSample: SampleListener): { start(): void } {
    this.intervalMs = intervalMs;
    this.onSample = onSample;
    return { start: () => this.dueAt === Infinity && this.arm() };
  }

  /** The timers' part of a turn. */
  turn(now: number): void {
    this.now = now;
    if (now < this.dueAt) return;
    const elapsedMs = now - this.armedAt;
    const sample: LoopSample = { elapsedMs, delayMs: Math.max(0, elapsedMs - this.intervalMs) };
    if (this.onSample(sample)) this.arm();
    else this.dueAt = Infinity;
  }

  private arm(): void {
    this.armedAt = this.now;
    this.dueAt = this.now + this.intervalMs;
  }
}

function percentile(took: readonly number[], share: number): number {
  const sorted = took.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Infinity;
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
