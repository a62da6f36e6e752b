// npm run simulate -- [--runs 100000] [--seed 0] [--workers 2] [--replay 1,0,2,…]
//
// Simulated calls: see README.md beside this file. Ends with 1 when something did not hold.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '0' },
    workers: { type: 'string', default: '2' },
    replay: { type: 'string' },
  },
});

const workerFile = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Kinds of violation, how often each was seen, and in which seed first. */
const found = new Map<string, { count: number; seed: number }>();
const started = performance.now();
let [runs, failed] = [0, 0];

if (values.replay !== undefined) await work(['replay', values.replay]);
else {
  const [first, count, workers] = [values.seed, values.runs, values.workers].map(Number) as [number, number, number];
  const shares = Array.from({ length: workers }, (_, share) => [first + share, first + count, workers].map(String));
  await Promise.all(shares.map(work));
  for (const [kind, { count: times, seed }] of [...found].sort((a, b) => b[1].count - a[1].count))
    console.log(`✖ ${times} × ${kind} (first in seed ${seed})`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${found.size === 0 && failed === 0 ? '✔' : '✖'} ${runs} runs in ${seconds} s`);
}
process.exit(found.size === 0 && failed === 0 ? 0 : 1);

/** Runs a worker to its end, and shows what it says. */
async function work(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', workerFile, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  for await (const line of createInterface(child.stdout)) {
    const [word, first, ...rest] = line.split(' ');
    if (word === 'DONE') runs += Number(first);
    else if (word === 'FOUND') count(rest.slice(1).join(' '), Number(first), Number(rest[0]));
    else console.log(line);
  }
  const code = await ended;
  if (code !== 0) failed++;
}

function count(kind: string, times: number, seed: number): void {
  const known = found.get(kind);
  found.set(kind, { count: times + (known?.count ?? 0), seed: Math.min(seed, known?.seed ?? seed) });
}
