// Load from a process of its own. It is told by messages what to do, and answers each with what it saw. Arguments: the
// server's address.
import { Client, credentials, status } from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Order, Outcome } from './harness.js';
import { burn } from './service.js';

const CONNECTIONS = 4;
const clients = Array.from(
  { length: CONNECTIONS },
  () => new Client(process.argv[2]!, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
);

process.on('message', (order: Order) => {
  void (order.kind === 'closed' ? closed(order) : open(order)).then((outcome) => process.send!(outcome));
});

/** So many calls at a time, each after the one before it: how many can be served at all? */
async function closed({ width, durationMs, deadlineMs }: Extract<Order, { kind: 'closed' }>): Promise<Outcome> {
  const tally = new Tally(durationMs);
  const until = performance.now() + durationMs;
  const worker = async (index: number): Promise<void> => {
    while (performance.now() < until)
      await tally.add(performance.now(), burn(clients[index % CONNECTIONS]!, deadlineMs));
  };
  await Promise.all(Array.from({ length: width }, (_, index) => worker(index)));
  return tally.outcome();
}

/**
 * Calls come when they come, whatever became of those before (Poisson arrivals). Latency counts from the time at which a
 * call was due, so that a load process that is late cannot flatter the server. The first second is not counted.
 */
async function open({ ratePerSecond, durationMs, deadlineMs }: Extract<Order, { kind: 'open' }>): Promise<Outcome> {
  const tally = new Tally(durationMs);
  const startsAt = performance.now();
  const countsFrom = startsAt + 1_000;
  const running: Promise<void>[] = [];
  let dueAt = startsAt;
  let index = 0;
  while (dueAt < countsFrom + durationMs) {
    while (dueAt <= performance.now()) {
      const answer = burn(clients[index++ % CONNECTIONS]!, deadlineMs);
      if (dueAt >= countsFrom) running.push(tally.add(dueAt, answer));
      dueAt += (-Math.log(1 - Math.random()) * 1000) / ratePerSecond;
    }
    await sleep(1);
  }
  await Promise.all(running);
  return tally.outcome();
}

class Tally {
  private readonly codes: Record<string, number> = {};
  private readonly served: number[] = [];
  private readonly refused: number[] = [];

  constructor(private readonly durationMs: number) {}

  async add(dueAt: number, answer: Promise<status>): Promise<void> {
    const code = await answer;
    const tookMs = performance.now() - dueAt;
    const name = status[code] ?? String(code);
    this.codes[name] = (this.codes[name] ?? 0) + 1;
    if (code === status.OK) this.served.push(tookMs);
    if (code === status.UNAVAILABLE) this.refused.push(tookMs);
  }

  outcome(): Outcome {
    const seconds = this.durationMs / 1000;
    const all = Object.values(this.codes).reduce((sum, count) => sum + count, 0);
    return {
      offered: all / seconds,
      goodput: this.served.length / seconds,
      codes: this.codes,
      p50: percentile(this.served, 0.5),
      p99: percentile(this.served, 0.99),
      refusedP99: percentile(this.refused, 0.99),
    };
  }
}

function percentile(took: number[], share: number): number {
  const sorted = took.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
