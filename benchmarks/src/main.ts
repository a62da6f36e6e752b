// npm run bench -- [NAME …] [--json] [--check]: runs the suites of that name, or all, and prints their tables.
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { markdown, type Report, type Suite } from './harness/report.js';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as typeof globalThis.gc;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, check: { type: 'boolean' } },
});

const known = readdirSync(new URL('suites', import.meta.url)).map((file) => file.replace(/\.js$/, ''));
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark named ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  process.exit(2);
}

const reports: Report[] = [];
for (const name of positionals.length > 0 ? positionals : known) {
  const { default: suite } = (await import(`./suites/${name}.js`)) as { default: Suite };
  const report = await suite();
  reports.push(report);
  if (!values.json) console.log(markdown(report));
}

const machine = `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${new Date().toISOString().slice(0, 10)}`;
if (values.json) console.log(JSON.stringify({ machine, reports }, null, 2));
else console.log(`_${machine}_`);

const failures = reports.flatMap(({ failures }) => failures);
if (values.check && failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}
process.exit(0);
