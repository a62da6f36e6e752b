import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { machineLine, type Machine } from './machine.js';
import { markdown, type Report } from './report.js';

const results = new URL('../../results/', import.meta.url);
const page = new URL('../../../docs/benchmarks.md', import.meta.url);

/** What one run of a suite gave. */
export interface Result {
  readonly suite: string;
  readonly machine: Machine;
  readonly reports: readonly Report[];
}

const INTRO = `# Benchmarks

What the library costs, measured beside bare @grpc/grpc-js. This page is generated: \`npm run bench -- NAME --docs\` runs
a suite, keeps its result in \`benchmarks/results\` and writes the page anew. \`npm run bench\` prints the same tables;
\`npm run bench:check\` fails when an in-process figure is over its budget.

CPU time, not wall time, since it says less about the neighbours; but on a shared machine it moves too: caches and turbo
clocks are shared. Figures in process repeat within a few tenths of a microsecond on a quiet machine; ratios over loopback
within a tenth. The load average before each run tells how quiet the machine was: above one, ratios and times over loopback
were taken beside other work and are to be read with care.

Over loopback the same work costs about twice what it costs in process: code and data are cold there, and a third of a bare
server's CPU time is garbage collection, most of it in V8's helper threads. What a call allocates is paid by the kilobyte: a bare
unary call allocates 21 KB; errors, authentication, logging and metrics together 6.8 KB more, of which pino takes 3.2 KB for its
line, and sampled tracing 5.6 KB on top, most of it the SDK's span, which waits in memory for its export.

Over loopback, processes are measured as they are once they have seen a major collection while calls were running, as every server has
before long. From then on V8 keeps what the streams of a connection lead to until the next one: Node holds a connection's
streams in a Map, V8 chains the tables that a Map outgrows, and once one of them is old, minor collections take all that follow
it for live. Of a bare unary call 3.7 KB are moved to the old generation from then on, on Node 20, 22 and 24 alike, and before
nearly nothing is (Node 24: 3 KB); on Node 22 minor collections take 23 µs of a bare call in place of 4. Figures taken earlier, as those
of Node 20 and of the peers, compare processes on either side of that line, by chance. Those of the client on Node 22 and 24 were taken
by themselves, after the rest of their run.

The ratios that the library aims at over loopback are not all reached: see below which. They repeat within a
tenth to a fifth only: where a heavier stack costs less than a lighter one, that is noise.
`;

const TRIED = `## Tried

Without gain, and so not kept:

- Telling a handler that its stream is closed outside the call's scope: 0.05 µs less, within the noise, and listeners of
  \`'cancelled'\` would have lost \`currentCall()\`.
- A list of a call's context values in place of a Map: 140 bytes less of a call's 25,000, and more code.

Kept, and worth it:

- **No function is assigned straight to a property of what a call makes.** V8 makes \`object.method = () => …\` in the old
  generation, where it stays until the next major collection with all that it closes over; one such function in each call kept
  the whole call. On Node 22 minor collections moved 3.9 KB of each call with one empty interceptor to the old generation, of a
  bare one 0.4 KB; now 0.5 KB. A lint rule keeps it so. (Node 24's own writable streams do it too, so there a bare call keeps 3 KB.)
- A call's trace context is a small object of our own: the one of OpenTelemetry's API makes a Map and three such functions for
  every value (of a traced call in process about 1.3 µs, and 0.6 KB).
- When a call is over, its layer lets go of the handler's side, and of all hooks: HTTP/2's objects live on for a while.
- **A stream that has closed leads to nothing of its call any more, and a call that is over to nothing of HTTP/2**
  (\`letGoWhenClosed\`, \`EndedCall\`), which is more than grpc-js does: of the 3.7 KB of a bare call that minor collections move to the
  old generation, 1.3 are left with any interceptor of ours on Node 20 and 22, and 1.3 to 3.5 on Node 24, where Node's own Writables
  may keep the rest. Side by side, means of 28 rounds: one empty interceptor 0.89 of a bare call on Node 22 (1.00 without
  this) and 0.94 on Node 24 (1.00); errors, authentication, logging and metrics 1.04 (1.10) and 1.12 (1.22).
- Calls and streams that are running are counted without a Set, for the same reason (\`Running\`). A client's layer that is over leads
  to no context: with the recommended stack 8.2 KB of a call are promoted instead of 10 (bare 7.1; Node 22).
- One list of interceptors is shared by all calls of a method, and no function closes over a message unless somebody waits
  (3.6 KB allocated by a pass, now 2.1).
- Tokens shown a moment ago are recognised without a hash (3.2 µs of a call in a server, now less than 1); the time of a line is put
  together once a second (1.1 µs, now 0.1).
`;

/** Keeps a result in place of the last one of its suite and Node version. */
export async function keep(result: Result): Promise<void> {
  mkdirSync(results, { recursive: true });
  const name = `${result.suite}-node${result.machine.node.split('.')[0]}.json`;
  await writeFormatted(new URL(name, results), JSON.stringify(result));
}

/** Writes the page from all results that were kept. */
export async function writePage(suites: readonly string[]): Promise<string> {
  const all = readdirSync(results).map((file) => JSON.parse(readFileSync(new URL(file, results), 'utf8')) as Result);
  const ordered = suites.flatMap((suite) =>
    all.filter((result) => result.suite === suite).toSorted((a, b) => major(b) - major(a)),
  );
  await writeFormatted(
    page,
    [INTRO, overBudget(ordered), versions(ordered), ...ordered.map(section), TRIED].join('\n'),
  );
  return fileURLToPath(page);
}

/** As the formatter that checks the repository wants it. */
async function writeFormatted(file: URL, text: string): Promise<void> {
  const filepath = fileURLToPath(file);
  writeFileSync(file, await format(text, { ...(await resolveConfig(filepath)), filepath }));
}

const major = ({ machine }: Result): number => Number(machine.node.split('.')[0]);

function overBudget(all: readonly Result[]): string {
  const lines = all.flatMap(({ machine, suite, reports }) =>
    reports.flatMap(({ failures, missed = [] }) => [
      ...failures.map((failure) => `- **${suite}, Node ${machine.node}:** ${failure}`),
      ...missed.map((miss) => `- ${suite}, Node ${machine.node} (reported, not gated): ${miss}`),
    ]),
  );
  return ['## Over budget', '', ...(lines.length > 0 ? lines : ['Nothing.']), ''].join('\n');
}

function versions(all: readonly Result[]): string {
  const known = Object.assign({}, ...all.map(({ machine }) => machine.versions)) as Record<string, string>;
  const list = Object.entries(known).map(([name, version]) => `${name} ${version}`);
  return ['## Measured with', '', `${list.join(', ')}.`, ''].join('\n');
}

function section({ suite, machine, reports }: Result): string {
  return [`## ${suite}, Node ${machine.node}`, '', `_${machineLine(machine)}_`, '', ...reports.map(markdown)].join(
    '\n',
  );
}
