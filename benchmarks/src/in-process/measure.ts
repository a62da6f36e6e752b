// A process of its own for each candidate, so that none meets code that another has made slow: inline caches that know
// ten shapes, or the promise hooks of a tracing SDK. Usage: measure.js GROUP NAME; prints quartiles as JSON.
import { mustHaveDone, workDone } from '../features/work.js';
import { inRounds } from '../harness/rounds.js';
import type { Candidate } from './candidate.js';

const [group, name] = process.argv.slice(2);
const { candidates } = (await import(`./${group}-candidates.js`)) as { candidates: readonly Candidate[] };
const candidate = candidates.find((each) => each.name === name);
if (candidate === undefined) throw new Error(`No candidate named '${name}' among ${group}`);

const { operations = 15_000 } = candidate;
const rounds = 10;
const warmup = 3;
const pair = await candidate.make();
const measured = await inRounds(
  [
    { name: 'without', run: (count) => pair.without(count) },
    { name: 'with', run: (count) => pair.with(count) },
  ],
  { rounds, operations, warmup },
);
const calls = Math.floor((operations * (rounds + warmup)) / (candidate.perCall ?? 1));
mustHaveDone(candidate.name, await workDone(), calls);
process.stdout.write(JSON.stringify(measured), () => process.exit(0));
