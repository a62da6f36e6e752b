// npm run bench -- [NAME …] [--json] [--check] [--docs]: runs the suites of that name, or all, and prints their tables.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { machineLine, thisMachine } from './harness/machine.js';
import { keep, writePage, type Result } from './harness/page.js';
import { markdown, type Suite } from './harness/report.js';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as typeof globalThis.gc;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, check: { type: 'boolean' }, docs: { type: 'boolean' } },
});

/** In the order of the page; the rest follow by name. */
const FIRST = ['in-process', 'loopback', 'peers', 'import'];
const files = readdirSync(new URL('suites', import.meta.url)).map((file) => file.replace(/\.js$/, ''));
const known = [...FIRST.filter((name) => files.includes(name)), ...files.filter((name) => !FIRST.includes(name))];
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark named ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  process.exit(2);
}

const results: Result[] = [];
for (const suite of positionals.length > 0 ? positionals : known) {
  const machine = thisMachine();
  const { default: run } = (await import(`./suites/${suite}.js`)) as { default: Suite };
  const reports = [await run()].flat();
  results.push({ suite, machine, reports });
  if (!values.json) console.log([...reports.map(markdown), `_${machineLine(machine)}_\n`].join('\n'));
  if (values.docs) await keep(results.at(-1)!);
}

if (values.json) console.log(JSON.stringify(results, null, 2));
if (values.docs) console.error(`Written: ${await writePage(known)}`);

const failures = results.flatMap(({ reports }) => reports.flatMap((report) => report.failures));
if (values.check && failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}
process.exit(0);
