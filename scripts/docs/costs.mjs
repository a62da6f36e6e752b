// The README's table of costs, out of the results that `npm run bench -- NAME --docs` keeps.
import { readFileSync } from 'node:fs';

const result = (name) =>
  JSON.parse(readFileSync(new URL(`../../benchmarks/results/${name}-node24.json`, import.meta.url), 'utf8'));

/** A value of one row, by the words of its report's title, its label and its column. */
function valueOf({ reports }, title, label, column) {
  const report = reports.find((each) => each.title.includes(title));
  const row = report?.rows.find(([first]) => first === label);
  const value = row?.[report.columns.indexOf(column)];
  if (value === undefined) throw new Error(`No ${column} of ${label} in ${title}`);
  return value;
}

export default function costs() {
  const inProcess = result('in-process');
  const server = (label) => valueOf(inProcess, 'per unary call on the server', label, 'added µs');
  const client = (label) => valueOf(inProcess, 'per unary call on the client', label, 'added µs');
  const { node, cpu, date } = inProcess.machine;
  return [
    `| added to a unary call | CPU µs |`,
    `| :-- | --: |`,
    `| server: one empty interceptor | ${server('one empty interceptor')} |`,
    `| server: ten empty interceptors with every hook | ${server('ten no-op interceptors, every hook')} |`,
    `| server: errors, auth (token remembered), logging, metrics | ${server('errors + auth + logging + metrics')} |`,
    `| server: the same and a sampled span | ${server('the same with sampled tracing')} |`,
    `| client: retry, where the first attempt succeeds | ${client('retry, first attempt succeeds')} |`,
    `| client: tracing, metrics, deadlines, breaker, retry, auth | ${client('tracing + metrics + deadlines + breaker + retry + auth')} |`,
    '',
    `In process, without a network: Node ${node}, ${cpu}, ${date}.`,
  ].join('\n');
}
