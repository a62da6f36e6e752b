import type { Candidate } from '../in-process/candidate.js';
import { inChild } from '../harness/in-child.js';
import { budget, type Report } from '../harness/report.js';
import type { Measured } from '../harness/rounds.js';

/** A candidate that is over its budget may have met a busy moment: it is measured again, this often at most. */
const ATTEMPTS = 3;

/**
 * Helper threads of the collector spin while they wait for a busy machine, and that counts as CPU time. And V8 comes to
 * make literals of long-lived calls in its old space, or does not, by the state of the heap at the start: 0.8 or 5 µs for
 * the same code. Both would drown what is compared here; over loopback they are left as they are.
 */
const FLAGS = ['--single-threaded-gc', '--no-allocation-site-pretenuring'];

interface Group {
  readonly name: string;
  readonly title: string;
  readonly how: string;
}

const HOW =
  'Each line is measured in a process of its own, in turn with the same call without it: 10 rounds of 15,000 calls, garbage collected in the same thread and nothing tenured at birth (`--no-allocation-site-pretenuring`: with it, which mode a process falls into decides more than what is measured). The lower quartile of the rounds, less that without it, is what a quiet machine would show; the median and the distance between quartiles say how quiet this one was. What is over its budget is measured up to three times, and the least counts, since noise only adds. The pass itself (one empty interceptor) is paid once, whatever is listed: what is marked “more” is measured beside it.';

const groups: readonly Group[] = [
  {
    name: 'server',
    title: 'In process: added CPU µs per unary call on the server',
    how: `Interceptors are driven by a base call that has everything at hand. ${HOW}`,
  },
  {
    name: 'stream',
    title: 'In process: added CPU µs per message of a stream on the server',
    how: 'Streams of 1,000 messages, message events off; measured as above, in rounds of 200,000 messages.',
  },
  {
    name: 'client',
    title: 'In process: added CPU µs per unary call on the client',
    how: "grpc-js's own client over a channel that answers in the next tick; measured as above.",
  },
  {
    name: 'promise',
    title: 'In process: added CPU µs per unary call by promises',
    how: 'Handlers that return a promise, and a client that gives one; measured as above.',
  },
];

/** What does the library add to a call, apart from the network? */
export default async function inProcess(): Promise<Report[]> {
  const reports: Report[] = [];
  for (const group of groups) reports.push(await reportOf(group));
  return reports;
}

interface Row {
  readonly name: string;
  readonly added: number;
  readonly median: number;
  readonly spread: number;
  readonly allowed: number | undefined;
}

async function reportOf({ name: group, title, how }: Group): Promise<Report> {
  const { candidates } = (await import(`../in-process/${group}-candidates.js`)) as { candidates: readonly Candidate[] };
  const rows: Row[] = [];
  for (const candidate of candidates) rows.push(await measure(group, candidate, rows));
  return {
    title,
    how,
    columns: ['with', 'added µs', 'median', 'between quartiles', 'budget'],
    rows: rows.map(({ name, added, median, spread, allowed }) => [
      name,
      added.toFixed(2),
      median.toFixed(2),
      spread.toFixed(2),
      allowed === undefined ? '' : `≤ ${Number(allowed.toFixed(1))}`,
    ]),
    figures: Object.fromEntries(rows.map(({ name, added }) => [name, added])),
    failures: rows
      .filter(isOver)
      .map(
        ({ name, added, allowed }) => `${name}: ${added.toFixed(2)} µs are over the budget of ${allowed!.toFixed(1)}`,
      ),
  };
}

async function measure(group: string, candidate: Candidate, before: readonly Row[]): Promise<Row> {
  const allowed = allowance(candidate, before);
  let best: Row | undefined;
  for (let attempt = 0; attempt < ATTEMPTS && (best === undefined || isOver(best)); attempt++) {
    const [without, added] = await inChild<[Measured, Measured]>('in-process/measure', [group, candidate.name], FLAGS);
    const row = {
      name: candidate.name,
      added: added.lower - without.lower,
      median: added.median - without.median,
      spread: added.upper - added.lower,
      allowed,
    };
    if (best === undefined || row.added < best.added) best = row;
  }
  return best!;
}

function allowance(candidate: Candidate, before: readonly Row[]): number | undefined {
  const { sumOf } = candidate;
  if (sumOf !== undefined) {
    return sumOf.reduce((sum, name) => sum + before.find((row) => row.name === name)!.added, 0);
  }
  return candidate.budget === undefined ? undefined : budget(candidate.budget);
}

const isOver = ({ added, allowed }: Row): boolean => allowed !== undefined && added > allowed;
