import { stillReachable } from './reachable.js';
import { simulate } from './run.js';
import { Choices } from './world/choices.js';
import { real, type Clock } from './world/clock.js';
import { shrink } from './world/shrink.js';

/** How many kinds of violation are shrunk and shown; the rest is counted. */
const SHOWN = Number(process.env['SIMULATE_SHOWN'] ?? 12);

/** Every how many seeds the garbage collector is asked, which takes longer than the run. */
const EVERY = 250;

/** How much of a history is shown. */
const LINES = 80;

/** Runs what a worker is asked for: `from to step`, or `replay` and a list of decisions. Answers whether all held. */
export async function work(clock: Clock, [first, ...rest]: readonly string[]): Promise<boolean> {
  if (first === 'replay') return replay(clock, (rest[0] ?? '').split(',').map(Number));
  return runSeeds(clock, [first, ...rest].map(Number) as [number, number, number]);
}

async function runSeeds(clock: Clock, [from, to, step]: [number, number, number]): Promise<boolean> {
  Error.stackTraceLimit = 0;
  const started = real.now();
  const found = new Map<string, { seed: number; count: number }>();
  let runs = 0;
  for (let seed = from; seed < to; seed += step, runs++) {
    const violations = await outcomeOf(clock, seed);
    for (const kind of new Set(violations.map(kindOf))) {
      const known = found.get(kind);
      if (known !== undefined) known.count++;
      else {
        found.set(kind, { seed, count: 1 });
        if (found.size <= SHOWN) console.log(await shrunk(clock, seed, kind));
      }
    }
  }
  for (const [kind, { seed, count }] of found) console.log(`FOUND ${count} ${seed} ${kind}`);
  console.log(`DONE ${runs} ${((real.now() - started) / 1000).toFixed(1)}`);
  return found.size === 0;
}

/** The violations of one seed; of some, also what can still be reached. */
async function outcomeOf(clock: Clock, seed: number): Promise<readonly string[]> {
  const { violations, kept } = await simulate(clock, new Choices(seed));
  if (seed % EVERY !== 0 || violations.length > 0) return violations;
  const alive = await stillReachable(kept);
  return alive === 0 ? violations : [`${alive} calls can still be reached`];
}

async function replay(clock: Clock, decisions: readonly number[]): Promise<boolean> {
  const choices = new Choices(0, decisions);
  const outcome = await simulate(clock, choices);
  console.log(asText('replayed', choices, outcome));
  return outcome.violations.length === 0;
}

/** The smallest run that could be found in which the same kind of violation happens. */
async function shrunk(clock: Clock, seed: number, kind: string): Promise<string> {
  const whole = new Choices(seed);
  await simulate(clock, whole);
  const small = await shrink(
    whole.made.map(({ value }) => value),
    async (decisions) => {
      const { violations, kept } = await simulate(clock, new Choices(0, decisions));
      if (kind.includes('reached')) return violations.length === 0 && (await stillReachable(kept)) > 0;
      return violations.some((each) => kindOf(each) === kind);
    },
  );
  const choices = new Choices(0, small);
  return asText(`seed ${seed}`, choices, await simulate(clock, choices), small);
}

type Outcome = Awaited<ReturnType<typeof simulate>>;

function asText(title: string, choices: Choices, outcome: Outcome, small?: readonly number[]): string {
  const decisions = choices.made.filter(({ value }) => value > 0).map(({ about, value }) => `${about} = ${value}`);
  return [
    `\n${outcome.violations.length === 0 ? '✔' : '✖'} ${title}: ${outcome.violations.join('; ') || 'all holds'}`,
    `  decisions: ${decisions.join(' · ')}`,
    ...outcome.history.slice(0, LINES).map((line) => `  ${line}`),
    ...(outcome.history.length > LINES ? [`  … and ${outcome.history.length - LINES} more`] : []),
    ...(small === undefined ? [] : [`  again: npm run simulate -- --replay ${small.join(',')}`]),
  ].join('\n');
}

/** Violations of one kind differ in names and numbers only. */
function kindOf(violation: string): string {
  return violation.replace(/\d+/g, '#').replace(/\[[#,]*\]/g, '[…]');
}
