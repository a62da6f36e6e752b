import type { Report } from '../harness/report.js';
import { overLoopback, type Outcome } from '../loopback/measure.js';
import { serverReport } from './loopback.js';

const serverModule = 'peers/servers';

/** What do others take for the same work? */
export default async function peers(): Promise<Report[]> {
  const five = await overLoopback(
    [
      { name: 'bare grpc-js', server: 'bare' },
      { name: 'ours', server: 'ours', serverModule },
      { name: 'ours, verifying each token', server: 'ours, verifying each token', serverModule },
      { name: 'five interceptors, the obvious way', server: 'obvious', serverModule },
      { name: 'nice-grpc with its middlewares', server: 'nice-grpc', serverModule },
      { name: 'connect-node with interceptors', server: 'connect-node', serverModule },
      { name: 'nice-grpc, bare', server: 'nice-grpc, bare', serverModule },
      { name: 'connect-node, bare', server: 'connect-node, bare', serverModule },
    ],
    { rounds: 4, calls: 3_000 },
  );
  const tracing = await overLoopback(
    [
      { name: 'bare grpc-js', server: 'bare' },
      { name: 'our tracing', server: 'our tracing', serverModule },
      { name: '@opentelemetry/instrumentation-grpc', server: 'instrumentation-grpc', serverModule },
    ],
    { rounds: 4, calls: 3_000 },
  );
  return [
    {
      ...serverReport('Peers: errors, authentication, logging, metrics and sampled tracing', five, FIVE),
      missed: [
        ...halfOf(five, 'ours', 'five interceptors, the obvious way'),
        ...halfOf(five, 'ours', 'nice-grpc with its middlewares'),
      ],
    },
    {
      ...serverReport('Peers: tracing alone', tracing, TRACING),
      missed: atMost(tracing, 'our tracing', '@opentelemetry/instrumentation-grpc', 1),
    },
  ];
}

const FIVE =
  'The same client calls servers that do the same five things for each unary call: one log line with pino to nowhere, the metrics of go-grpc-prometheus with prom-client, a sampled span with the SDK and its batch processor, a verified HS256 token with a rule by role, and errors that do not leak. The others verify each token with jose, as their documentation shows; ours remembers verified tokens unless told not to. nice-grpc brings its own tracing and metrics; the rest was written for it and connect-node in their styles. Measured as over loopback, unary calls.';

const TRACING =
  'A sampled span per call with the SDK and its batch processor, by an interceptor or by instrumentation.';

const added = (outcomes: readonly Outcome[], name: string): number =>
  outcomes.find((each) => each.name === name)!.serverUs.median - outcomes[0]!.serverUs.median;

const halfOf = (outcomes: readonly Outcome[], ours: string, theirs: string): string[] =>
  atMost(outcomes, ours, theirs, 0.5);

function atMost(outcomes: readonly Outcome[], ours: string, theirs: string, share: number): string[] {
  const [mine, other] = [added(outcomes, ours), added(outcomes, theirs)];
  if (mine <= other * share) return [];
  return [`${ours} adds ${mine.toFixed(0)} µs, aimed at ${share} times the ${other.toFixed(0)} µs that ${theirs} adds`];
}
