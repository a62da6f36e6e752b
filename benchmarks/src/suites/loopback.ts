import { nodeMajor, type Report } from '../harness/report.js';
import { overLoopback, type Outcome, type Quartiles, type Setup } from '../loopback/measure.js';

const HOW =
  'Server and client in processes of their own, warmed up by 10,000 calls and 4,000 more with major collections meanwhile (from the first on, a Node process keeps finished calls longer), and started anew six times; one pair works at a time, in turn, round by round. CPU time is per call (per message of streams of 1,000), of all threads of the process, garbage collection included. Figures are medians of the rounds; a ratio is to the first line in the same round (to the mean of the two bare ones where there are two), and its quartiles say how quiet the machine was. Not gated: on a shared machine ratios move by a tenth and more.';

/** What does the library cost where users feel it? */
export default async function loopback(): Promise<Report[]> {
  return [
    serverReport(
      'Over loopback: a unary call on the server',
      await overLoopback(
        [
          { name: 'bare grpc-js', server: 'bare' },
          { name: 'bare grpc-js again: what is noise', server: 'bare', control: true },
          { name: 'one empty interceptor', server: 'empty', target: 1.05 },
          { name: "ten of grpc-js's own, nested", server: 'ten native' },
          { name: 'ten no-op interceptors', server: 'ten', target: 1.05 },
          { name: 'no interceptor, a handler that writes the same log line', server: 'bare with log' },
          { name: 'errors + auth + metrics', server: 'stack without log' },
          { name: 'errors + auth + logging + metrics', server: 'stack', target: 1.15 },
          { name: 'the same with sampled tracing', server: 'stack + tracing', target: nodeMajor < 22 ? 1.5 : 1.3 },
          { name: 'the same under implement', server: 'stack + tracing + implement' },
        ],
        { rounds: 3, calls: 6_000 },
      ),
    ),
    ...(await streams()),
    clientReport(
      'Over loopback: a unary call on the client',
      await overLoopback(
        [
          { name: 'bare grpc-js', server: 'bare' },
          { name: 'promiseClient', server: 'bare', client: 'promises' },
          { name: 'tracing + metrics + deadlines + breaker + retry + auth', server: 'bare', client: 'stack' },
        ],
        { rounds: 3, calls: 6_000 },
      ),
    ),
  ];
}

async function streams(): Promise<Report[]> {
  const reports: Report[] = [];
  for (const kind of ['server_stream', 'client_stream', 'bidi_stream'] as const) {
    const setups: Setup[] = [
      { name: 'bare grpc-js', server: 'bare', kind },
      { name: 'errors + auth + logging + metrics + sampled tracing', server: 'stack + tracing', kind },
      { name: 'the same under implement', server: 'stack + tracing + implement', kind },
    ];
    const title = `Over loopback: a message of a ${kind.replace('_', ' ')} on the server`;
    reports.push(serverReport(title, await overLoopback(setups, { rounds: 3, calls: 1_500 })));
  }
  return reports;
}

const spread = ({ lower, upper }: Quartiles): string => `${lower.toFixed(2)}–${upper.toFixed(2)}`;

const micros = (value: number): string => value.toFixed(value < 50 ? 1 : 0);

/** Also used for peers. */
export function serverReport(title: string, outcomes: readonly Outcome[], how = HOW): Report {
  return {
    title,
    how,
    columns: ['server', 'CPU µs', 'added µs', 'ratio', 'quartiles', 'per second', 'p50 ms', 'p99 ms', 'RSS MB'],
    rows: outcomes.map((each) => [
      each.name,
      micros(each.serverUs.median),
      micros(each.serverUs.median - outcomes[0]!.serverUs.median),
      each.serverRatio.median.toFixed(2) + (each.target === undefined ? '' : ` (≤ ${each.target.toFixed(2)})`),
      spread(each.serverRatio),
      ...traffic(each),
      each.rssMb.toFixed(0),
    ]),
    figures: Object.fromEntries(outcomes.map(({ name, serverRatio }) => [name, serverRatio.median])),
    failures: [],
    missed: outcomes
      .filter(({ serverRatio, target }) => target !== undefined && serverRatio.median > target)
      .map(
        ({ name, serverRatio, target }) =>
          `${name}: ${serverRatio.median.toFixed(2)}×, aimed at ${target!.toFixed(2)}×`,
      ),
  };
}

/** Added CPU µs of the client's recommended stack. */
const CLIENT_TARGET = 60;

function clientReport(title: string, outcomes: readonly Outcome[]): Report {
  const added = ({ clientUs }: Outcome): number => clientUs.median - outcomes[0]!.clientUs.median;
  return {
    title,
    how: HOW,
    columns: ['client', 'CPU µs', 'added µs', 'ratio', 'quartiles', 'per second', 'p50 ms', 'p99 ms'],
    rows: outcomes.map((each) => [
      each.name,
      micros(each.clientUs.median),
      micros(added(each)),
      each.clientRatio.median.toFixed(2),
      spread(each.clientRatio),
      ...traffic(each),
    ]),
    figures: Object.fromEntries(outcomes.map(({ name, clientRatio }) => [name, clientRatio.median])),
    failures: [],
    missed: outcomes
      .filter((each) => added(each) > CLIENT_TARGET)
      .map((each) => `${each.name}: ${micros(added(each))} µs added, aimed at ${CLIENT_TARGET}`),
  };
}

const traffic = ({ callsPerSecond, p50Ms, p99Ms }: Outcome): string[] => [
  callsPerSecond.median.toFixed(0),
  p50Ms.median.toFixed(1),
  p99Ms.median.toFixed(1),
];
