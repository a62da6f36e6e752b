import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What the load process is told to do. */
export type Order =
  | { readonly kind: 'closed'; readonly width: number; readonly durationMs: number; readonly deadlineMs: number }
  | { readonly kind: 'open'; readonly ratePerSecond: number; readonly durationMs: number; readonly deadlineMs: number };

/** What it saw: rates per second, times in ms; percentiles of served calls but for the last. */
export interface Outcome {
  readonly offered: number;
  /** Answered OK before their deadline. */
  readonly goodput: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
  readonly refusedP99: number;
}

const script = (name: string): string => fileURLToPath(new URL(`../overload/${name}.js`, import.meta.url));

/** Runs one order against a server of its own, both in processes of their own, which end with it. */
export async function underLoad(mode: 'bare' | 'shedding', burnMs: number, order: Order): Promise<Outcome> {
  const children: ChildProcess[] = [];
  try {
    const server = fork(script('server'), [mode, String(burnMs)]);
    children.push(server);
    const [port] = (await once(server, 'message')) as [number];
    const load = fork(script('load'), [`127.0.0.1:${port}`], { serialization: 'advanced' });
    children.push(load);
    await warmUp(load);
    return await run(load, order);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

/** Connections and compiled code are not what is measured. */
async function warmUp(load: ChildProcess): Promise<void> {
  await run(load, { kind: 'closed', width: 2, durationMs: 1_000, deadlineMs: 2_000 });
}

async function run(load: ChildProcess, order: Order): Promise<Outcome> {
  load.send(order);
  const [outcome] = (await once(load, 'message')) as [Outcome];
  return outcome;
}
