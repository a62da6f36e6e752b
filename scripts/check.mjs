// npm run check -- [--all] [--keep-going] [--group NAME] [--list] [WORD …]: everything that has to hold before a change
// lands, each step a claim in check/steps.mjs.
//
//   --all           the second tier, which runs before a release: every combination, longer seeds, ten storms
//   --keep-going    runs the steps after one that failed, too
//   --group NAME    runs the steps of a group; may be given several times
//   --list          says what would run
//   WORD …          runs the steps whose claims have one of the words
//
// Ends with a summary, and exits with 1 unless all of them hold.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readArguments } from './check/choose.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Out of the range from which Linux takes ports for outgoing connections: one of those might have ours. */
const env = { SHOP_PORT_OFFSET: '12000', ...process.env };

const { chosen, keepGoing, list } = asked();
if (list) printList();
else runAll();

function asked() {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

function printList() {
  for (const { group, claim, command } of chosen) console.log(`${group}: ${claim}\n    ${command}`);
}

function runAll() {
  const results = [];
  for (const step of chosen) {
    const failed = results.filter(({ mark }) => mark === '✖').map(({ claim }) => claim);
    const inVain = failed.includes(step.needs) || (failed.length > 0 && !keepGoing);
    const result = { ...step, ...(inVain ? { mark: '–', seconds: undefined } : run(step)) };
    results.push(result);
  }
  printSummary(results);
  process.exitCode = results.every(({ mark }) => mark === '✔') ? 0 : 1;
}

function run({ claim, command }) {
  const started = performance.now();
  console.log(`\n▶ ${claim}: ${command}`);
  const { status } = spawnSync(command, { cwd: root, env, shell: true, stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status === 0) console.log(`✔ ${claim} (${seconds} s)`);
  else console.error(`✖ ${claim}: failed after ${seconds} s`);
  return { mark: status === 0 ? '✔' : '✖', seconds };
}

/** The last line has the form that programs which read logs look for. */
function printSummary(results) {
  const withMark = (wanted) => results.filter(({ mark }) => mark === wanted);
  console.log(`\nSummary (${process.version})`);
  for (const { mark, group, claim, seconds } of results) {
    console.log(`${mark} ${group}: ${claim}${seconds === undefined ? ' (not run)' : ` (${seconds} s)`}`);
  }
  const notRun = withMark('–').length;
  if (notRun > 0) console.log(`${notRun} not run`);
  for (const { group, claim } of withMark('✖')) console.log(`Again: npm run check -- --group ${group} '${claim}'`);
  console.log(`\n${withMark('✔').length} passed, ${withMark('✖').length} failed`);
}
