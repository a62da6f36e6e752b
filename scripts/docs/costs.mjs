// Tables of what things cost, out of the results that `npm run bench -- in-process --docs` keeps.
import { readFileSync } from 'node:fs';

const results = new URL('../../benchmarks/results/in-process-node24.json', import.meta.url);
const { machine, reports } = JSON.parse(readFileSync(results, 'utf8'));

const SERVER = 'per unary call on the server';
const CLIENT = 'per unary call on the client';
const PROMISES = 'by promises';

/** What each page shows: the words of a report's title, a row's name there, and how the page calls it. */
const TABLES = {
  README: [
    [SERVER, 'one empty interceptor', 'server: one empty interceptor'],
    [SERVER, 'ten no-op interceptors, every hook', 'server: ten empty interceptors with every hook'],
    [SERVER, 'errors + auth + logging + metrics', 'server: errors, auth (token remembered), logging, metrics'],
    [SERVER, 'the same with sampled tracing', 'server: the same and a sampled span'],
    [CLIENT, 'retry, first attempt succeeds', 'client: retry, where the first attempt succeeds'],
    [
      CLIENT,
      'tracing + metrics + deadlines + breaker + retry + auth',
      'client: tracing, metrics, deadlines, breaker, retry, auth',
    ],
  ],
  auth: [
    [SERVER, 'auth, token cached', 'server: a token that is remembered, and the policy'],
    [SERVER, 'auth, token verified each time', 'server: a token that is verified (HS256), and the policy'],
    [CLIENT, 'auth, a token at hand', 'client: a token at hand'],
  ],
  deadlines: [
    [SERVER, 'deadlines', 'server'],
    [CLIENT, 'deadlines', 'client'],
  ],
  errors: [
    [SERVER, 'errors', 'server'],
    [CLIENT, 'errors', 'client'],
  ],
  logging: [
    [SERVER, 'logging', 'server: a line with pino'],
    [CLIENT, 'logging', 'client: a line with pino'],
  ],
  metrics: [
    [SERVER, 'metrics', 'server'],
    [SERVER, 'metrics, compact', "server, style 'compact'"],
    [CLIENT, 'metrics', 'client'],
  ],
  overload: [
    [SERVER, 'rate limit, more', 'server: a rate limit, beside the pass'],
    [SERVER, 'concurrency limit', 'server: a concurrency limit'],
    [SERVER, 'load shedding', 'server: load shedding'],
    [CLIENT, 'circuit breaker, closed, more', 'client: a closed breaker, beside the pass'],
  ],
  promises: [
    [PROMISES, 'implement, beside a plain handler', '`implement`, beside a plain handler'],
    [PROMISES, 'implement, on a server without interceptors', '`implement`, on a server without interceptors'],
    [PROMISES, 'promiseClient, beside callbacks', '`promiseClient`, beside callbacks'],
  ],
  retry: [
    [CLIENT, 'retry, first attempt succeeds', 'client: a call whose first attempt succeeds'],
    [SERVER, 'idempotency, a new key each time', 'server: a call with a new idempotency key'],
  ],
  tracing: [
    [SERVER, 'tracing, sampled', 'server: a sampled span, with the SDK'],
    [SERVER, 'tracing without SDK, more', 'server: no SDK, beside the pass'],
    [CLIENT, 'tracing, sampled', 'client: a sampled span, with the SDK'],
    [CLIENT, 'tracing without SDK', 'client: no SDK'],
  ],
  validation: [[SERVER, 'validation, one rule', 'server: one rule']],
};

function valueOf(title, name) {
  const report = reports.find((each) => each.title.includes(title));
  const row = report?.rows.find(([first]) => first === name);
  const value = row?.[report.columns.indexOf('added µs')];
  if (value === undefined) throw new Error(`No row ${name} of a report ${title}`);
  return value;
}

/** The table of a page. */
export default function costs(page) {
  const { node, cpu, date } = machine;
  const where = `In process, without a network: Node ${node}, ${cpu}, ${date}.`;
  const server = valueOf(SERVER, 'one empty interceptor');
  const client = valueOf(CLIENT, 'one empty interceptor');
  const pass =
    `The pass over the call, ${server} on a server and ${client} on a client, is part of each and paid once, however many\n` +
    `interceptors there are. A tenth or two are noise.`;
  return [
    `| added to a unary call | CPU µs |`,
    `| :-- | --: |`,
    ...TABLES[page].map(([title, name, label]) => `| ${label} | ${valueOf(title, name)} |`),
    '',
    ...(page === 'README' || page === 'promises' ? [where] : [where, pass]),
  ].join('\n');
}
